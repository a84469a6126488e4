using System.Globalization;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>An outcome's position in the list, by time; a page ends at one.</summary>
internal readonly record struct TaskOutcomePosition(long EndedMs, string TaskId, int Version)
{
    private const string List = "task-ends";

    public static TaskOutcomePosition Of(TaskOutcome outcome) =>
        new(outcome.EndedAt.ToUnixTimeMilliseconds(), outcome.TaskId, outcome.Version);

    /// <summary>
    /// The position of a page token; null is the start. Throws <see cref="FormatException"/> if it is invalid.
    /// </summary>
    public static TaskOutcomePosition? Read(string? pageToken)
    {
        if (PageToken.Read(List, pageToken) is not var (ended, id))
            return null;
        var colon = id.IndexOf(':');
        return
            colon > 0
            && int.TryParse(id.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? new TaskOutcomePosition(ended, id[(colon + 1)..], version)
            : throw new FormatException("The page token is not valid for this list.");
    }

    /// <summary>As a page token.</summary>
    public string Write() =>
        PageToken.Write(List, EndedMs, string.Create(CultureInfo.InvariantCulture, $"{Version}:{TaskId}"));
}

/// <summary>
/// A scan of <c>task_outcome</c> backwards in time, by the index of the most selective column that a search filters by,
/// with the other conditions. Conditions that are not in the index (an error's text) are checked row by row, so a page
/// scans a bounded number of rows and has a next page.
/// </summary>
internal sealed class TaskOutcomeScan
{
    /// <summary>Rows that a page, or a step of a count, reads.</summary>
    internal const int RowsScannedMax = 20_000;

    private string? _index;

    public TaskOutcomeScan(TaskOutcomeFilter filter, TaskOutcomePosition? after)
    {
        // The most selective first: an actor has few outcomes, a status may have most of them.
        if (filter.Actor is { } actor)
            Equal("task_outcome_actor", $"actor_id = {actor}");
        if (filter.Account is { } account)
            Equal("task_outcome_account", $"account = {account}");
        if (filter.Type is { } type)
            Equal("task_outcome_type", $"type = {type}");
        if (filter.Status is { } status)
            Equal("task_outcome_status", $"status = {StoredNames<TaskOutcomeStatus>.Of(status)}");
        // By the day the server can leave out partitions; day 0 has the rows that are kept at any age.
        if (filter.From is { } from)
            Ranges.Add(
                $"ended_ms >= {from.ToUnixTimeMilliseconds()} and (day = 0 or day >= {TaskOutcome.DayOf(from)})"
            );
        if (filter.To is { } to)
            Ranges.Add($"ended_ms < {to.ToUnixTimeMilliseconds()} and day <= {TaskOutcome.DayOf(to)}");
        if (after is var (ended, id, version))
            Ranges.Add(
                $"ended_ms <= {ended} and day <= "
                    + $"{TaskOutcome.DayOf(DateTimeOffset.FromUnixTimeMilliseconds(ended))} and (ended_ms < "
                    + $"{ended} or task_id < {id} or (task_id = {id} and version < {version}))"
            );
        if (filter.Shard is { } shard)
            Others.Add($"shard = {shard.Index}");
        if (filter.ErrorContains is { Length: > 0 } text)
            Others.Add($"instr(error, {text}) > 0");
        if (filter.Redriven == true)
            Others.Add($"redriven_ms is not null");
        if (filter.Redriven == false)
            Others.Add($"redriven_ms is null");
        if (filter.RedrivenFrom is { } redrivenFrom)
            Others.Add($"redriven_ms >= {redrivenFrom.ToUnixTimeMilliseconds()}");
        if (filter.Dismissed == true)
            Others.Add($"dismissed_ms is not null");
        if (filter.Dismissed == false)
            Others.Add($"dismissed_ms is null");
    }

    /// <summary>Each ends in (ended_ms, task_id, version), the order of the list.</summary>
    public string Index => _index ?? "task_outcome_time";

    /// <summary>Conditions that bound the scan in the index.</summary>
    public List<SqlText> Ranges { get; } = [];

    /// <summary>Conditions that need the row.</summary>
    public List<SqlText> Others { get; } = [];

    /// <summary>The statement of a page, down to <paramref name="edge"/>.</summary>
    public SqlText Page(TaskOutcomePosition? edge, int limit, Dialect dialect) =>
        new SqlText().Append(
            $"""
            select {TaskOutcomeRows.Columns} from {Rows(edge, dialect)}
              order by ended_ms desc, task_id desc, version desc limit {limit}
            """
        );

    /// <summary>The table and the conditions of the scan, down to <paramref name="edge"/>.</summary>
    public SqlText Rows(TaskOutcomePosition? edge, Dialect dialect)
    {
        var conditions = new List<SqlText>(Ranges);
        if (edge is var (ended, id, version))
            conditions.Add(
                $"ended_ms >= {ended} and (ended_ms > {ended} or task_id > {id} or (task_id = {id} and version "
                    + $">= {version}))"
            );
        conditions.AddRange(Others);
        return new SqlText().Append($"task_outcome{dialect.ByIndex(Index)}{Where(conditions)}");
    }

    /// <summary>
    /// The last row that one page reads; null if the index alone is enough, or if the scan ends before.
    /// </summary>
    public async Task<TaskOutcomePosition?> EdgeAsync(
        DbSession session,
        Dialect dialect,
        CancellationToken cancellation
    )
    {
        if (Others.Count == 0)
            return null;
        // The index is covering.
        var edge = await session
            .ListAsync(
                $"""
                select ended_ms, task_id, version from task_outcome{dialect.ByIndex(Index)}{Where(Ranges)}
                  order by ended_ms desc, task_id desc, version desc limit 1 offset {RowsScannedMax - 1}
                """,
                row => new TaskOutcomePosition(row.GetInt64(0), row.GetString(1), row.GetInt32(2)),
                cancellation
            )
            .ConfigureAwait(false);
        return edge.Count == 0 ? null : edge[0];
    }

    private void Equal(string index, SqlText condition)
    {
        (_index is null ? Ranges : Others).Add(condition);
        _index ??= index;
    }

    private static SqlText Where(List<SqlText> conditions) =>
        conditions.Count == 0 ? new SqlText() : new SqlText().Append($" where {SqlText.Join(" and ", conditions)}");
}
