using System.Globalization;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>An ending's place in time, and where a page of them goes on.</summary>
internal readonly record struct TaskOutcomePosition(long EndedMs, string TaskId, int Version)
{
    private const string List = "task-ends";

    public static TaskOutcomePosition Of(TaskOutcome ending) =>
        new(ending.EndedAt.ToUnixTimeMilliseconds(), ending.TaskId, ending.Version);

    /// <summary>The place that a page token names, or null; throws <see cref="FormatException"/>.</summary>
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
/// A stretch of <c>task_outcome</c>, read backwards in time along the index of the narrowest column that a search
/// filters by, and what else its rows must be. What the index does not tell (an error's text) is looked at row by row,
/// so a page looks at a bounded stretch and says where to go on.
/// </summary>
internal sealed class TaskOutcomeStretch
{
    /// <summary>Rows that a page, or a step of a count, looks at.</summary>
    internal const int LookedMax = 20_000;

    private string? _index;

    public TaskOutcomeStretch(TaskOutcomeFilter filter, TaskOutcomePosition? after)
    {
        // The narrowest first: an actor has few endings, a status may have most.
        if (filter.Actor is { } actor)
            Equal("task_outcome_actor", $"actor_id = {actor}");
        if (filter.Account is { } account)
            Equal("task_outcome_account", $"account = {account}");
        if (filter.Type is { } type)
            Equal("task_outcome_type", $"type = {type}");
        if (filter.Status is { } status)
            Equal("task_outcome_status", $"status = {StoredNames<TaskOutcomeStatus>.Of(status)}");
        // The day tells the server which partitions to leave out; under day 0 lies what is kept whatever its age.
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
        if (filter.Dismissed == true)
            Others.Add($"dismissed_ms is not null");
        if (filter.Dismissed == false)
            Others.Add($"dismissed_ms is null");
    }

    /// <summary>Each ends in (ended_ms, task_id, version), the order of the list.</summary>
    public string Index => _index ?? "task_outcome_time";

    /// <summary>What bounds the stretch.</summary>
    public List<SqlText> Ranges { get; } = [];

    /// <summary>What only the row tells.</summary>
    public List<SqlText> Others { get; } = [];

    /// <summary>The statement of a first page.</summary>
    public static SqlText FirstPage(TaskOutcomeFilter filter, int limit, Dialect dialect) =>
        new TaskOutcomeStretch(filter, null).Page(null, limit, dialect);

    /// <summary>The statement of a page of the stretch, up to its edge.</summary>
    public SqlText Page(TaskOutcomePosition? edge, int limit, Dialect dialect) =>
        new SqlText().Append(
            $"""
            select {TaskOutcomeRows.Columns} from {Rows(edge, dialect)}
              order by ended_ms desc, task_id desc, version desc limit {limit}
            """
        );

    /// <summary>The rows of the stretch, up to its edge.</summary>
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
    /// The last row of the stretch that one page looks at; null where the index alone answers, or the stretch ends
    /// before.
    /// </summary>
    public async Task<TaskOutcomePosition?> EdgeAsync(
        DbSession session,
        Dialect dialect,
        CancellationToken cancellation
    )
    {
        if (Others.Count == 0)
            return null;
        // Covering: the index holds every column.
        var edge = await session
            .ListAsync(
                $"""
                select ended_ms, task_id, version from
                  task_outcome{dialect.ByIndex(Index)}{Where(Ranges)}
                  order by ended_ms desc, task_id desc, version desc limit 1 offset {LookedMax - 1}
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
