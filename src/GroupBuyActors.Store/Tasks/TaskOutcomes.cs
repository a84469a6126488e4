using System.Globalization;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>
/// Reads <c>task_outcome</c> backwards in time, along the index of the narrowest column that a search filters by. What
/// the index does not tell (an error's text) is looked at row by row, so a page looks at a bounded stretch and says
/// where to go on.
/// </summary>
internal sealed class TaskOutcomes(Database database) : ITaskOutcomes
{
    /// <summary>Rows that a page, or a step of a count, looks at.</summary>
    internal const int LookedMax = 20_000;

    /// <summary>Rows that are marked or deleted in one transaction.</summary>
    private const int RowsPerWrite = 500;

    private const long DayMs = 24 * 60 * 60 * 1000;
    private static readonly string[] EndKey = ["day", "task_id", "version"];

    private readonly TaskOutcomePartitions? _partitions = database is MySqlDatabase mySql
        ? new TaskOutcomePartitions(mySql)
        : null;

    // MySQL: primary key (task_id, version, day), a step into each partition. SQLite: task_outcome_task (task_id,
    // version).
    public Task<TaskOutcome?> FindAsync(string taskId, CancellationToken cancellation) =>
        !TaskIds.IsStorable(taskId)
            ? Task.FromResult<TaskOutcome?>(null)
            : database.ReadAsync(
                async (session, ct) =>
                    (
                        await session
                            .ListAsync(
                                $"""
                                select {TaskOutcomeRows.Columns} from task_outcome where task_id = {taskId}
                                  order by ended_ms desc, version desc limit 1
                                """,
                                TaskOutcomeRows.Read,
                                ct
                            )
                            .ConfigureAwait(false)
                    ).FirstOrDefault(),
                cancellation
            );

    public async Task<Page<TaskOutcome>> SearchAsync(
        TaskOutcomeFilter filter,
        string? after,
        int limit,
        CancellationToken cancellation
    )
    {
        var stretch = new Stretch(filter, ReadToken(after));
        var (rows, edge) = await database
            .ReadAsync(
                async (session, ct) =>
                {
                    var edge = await EdgeAsync(session, stretch, ct).ConfigureAwait(false);
                    return (
                        await session
                            .ListAsync(Search(stretch, edge, limit + 1, database.Dialect), TaskOutcomeRows.Read, ct)
                            .ConfigureAwait(false),
                        edge
                    );
                },
                cancellation
            )
            .ConfigureAwait(false);
        var page = PageToken.Page(rows, limit, ending => WriteToken(PositionOf(ending)));
        return page.Next is null && edge is { } end ? page with { Next = WriteToken(end) } : page;
    }

    public async Task<int> CountAsync(TaskOutcomeFilter filter, int max, CancellationToken cancellation)
    {
        var count = 0L;
        Position? after = null;
        do
        {
            var stretch = new Stretch(filter, after);
            var (counted, edge) = await database
                .ReadAsync(
                    async (session, ct) =>
                    {
                        var edge = await EdgeAsync(session, stretch, ct).ConfigureAwait(false);
                        return (
                            await session
                                .NumberAsync(
                                    $"""
                                    select count(*) from (select 1 as one
                                      from {Rows(stretch, edge, database.Dialect)} limit {max - count}) found
                                    """,
                                    0,
                                    ct
                                )
                                .ConfigureAwait(false),
                            edge
                        );
                    },
                    cancellation
                )
                .ConfigureAwait(false);
            count += counted;
            after = edge;
        } while (after is not null && count < max);
        return (int)count;
    }

    // Primary key, in its order: two who redrive at once wait for each other and do not deadlock.
    public Task<int> MarkRedrivenAsync(
        IReadOnlyCollection<TaskOutcomeKey> keys,
        DateTimeOffset at,
        CancellationToken cancellation
    ) => MarkAsync(keys, $"redriven_ms = {at.ToUnixTimeMilliseconds()}", $"redriven_ms is null", cancellation);

    public Task<int> DismissAsync(
        IReadOnlyCollection<TaskOutcomeKey> keys,
        DateTimeOffset at,
        CancellationToken cancellation
    ) =>
        MarkAsync(
            keys,
            $"dismissed_ms = {at.ToUnixTimeMilliseconds()}",
            $"dismissed_ms is null and redriven_ms is null",
            cancellation
        );

    private async Task<int> MarkAsync(
        IReadOnlyCollection<TaskOutcomeKey> keys,
        SqlText set,
        SqlText where,
        CancellationToken cancellation
    )
    {
        var marked = 0;
        foreach (
            var some in keys.OrderBy(key => key.TaskId, StringComparer.Ordinal)
                .ThenBy(key => key.Version)
                .Chunk(RowsPerWrite)
        )
        {
            var updates = SqlText.Join(
                "; ",
                some.Select(key =>
                    new SqlText().Append(
                        $"""
                        update task_outcome set {set} where day in (0, {key.Day}) and task_id = {key.TaskId}
                          and version = {key.Version} and {where}
                        """
                    )
                )
            );
            marked += await database
                .WriteAsync((session, ct) => session.ExecuteAsync(updates, ct), cancellation)
                .ConfigureAwait(false);
        }

        return marked;
    }

    public Task<TaskOutcomeMaintenance> MaintainAsync(
        DateOnly today,
        int keepDays,
        int aheadDays,
        IReadOnlyCollection<string> undecidedTypes,
        CancellationToken cancellation
    )
    {
        ArgumentOutOfRangeException.ThrowIfNegative(keepDays);
        ArgumentOutOfRangeException.ThrowIfNegative(aheadDays);
        var day = today.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;
        return MaintainAsync(day, keepDays, aheadDays, Undecided(undecidedTypes), cancellation);
    }

    private async Task<TaskOutcomeMaintenance> MaintainAsync(
        int today,
        int keepDays,
        int aheadDays,
        SqlText undecided,
        CancellationToken cancellation
    )
    {
        var firstKept = today - keepDays;
        if (_partitions is null)
            await KeepUndecidedAsync(firstKept, undecided, cancellation).ConfigureAwait(false);
        var maintenance = _partitions is null
            ? await DeleteBeforeAsync(firstKept, cancellation).ConfigureAwait(false)
            : await _partitions
                .MaintainAsync(
                    today,
                    keepDays,
                    aheadDays,
                    () => KeepUndecidedAsync(firstKept, undecided, cancellation),
                    cancellation
                )
                .ConfigureAwait(false);
        await DeleteDecidedAsync(firstKept, cancellation).ConfigureAwait(false);
        return maintenance;
    }

    /// <summary>Dead letters that are the last trace of something owed, of which nobody has decided.</summary>
    private static SqlText Undecided(IReadOnlyCollection<string> types) =>
        types.Count == 0
            ? (SqlText)$"1 = 0"
            : $"""
                type in ({SqlText.Join(", ", types.Select(type => (SqlText)$"{type}"))})
                  and status = 'dead' and redriven_ms is null and dismissed_ms is null
                """;

    /// <summary>Moves letters about money, of which nobody has decided, out of the days that are about to go.</summary>
    // The days' partitions; SQLite: primary key (day, task_id, version). Then primary keys.
    private async Task KeepUndecidedAsync(int firstKept, SqlText undecided, CancellationToken cancellation)
    {
        while (true)
        {
            var keys = await database
                .ReadAsync(
                    (session, ct) =>
                        session.ListAsync(
                            $"""
                            select day, task_id, version from task_outcome where day > 0 and day < {firstKept}
                              and {undecided} order by day, task_id, version limit {RowsPerWrite}
                            """,
                            row => new TaskOutcomeKey(row.GetInt32(0), row.GetString(1), row.GetInt32(2)),
                            ct
                        ),
                    cancellation
                )
                .ConfigureAwait(false);
            if (keys.Count == 0)
                return;
            await database
                .WriteAsync(
                    SqlText.Join(
                        "; ",
                        keys.Select(key =>
                            new SqlText().Append(
                                $"""
                                update task_outcome set day = 0 where day = {key.Day} and task_id = {key.TaskId}
                                  and version = {key.Version} and {undecided}
                                """
                            )
                        )
                    ),
                    cancellation
                )
                .ConfigureAwait(false);
        }
    }

    /// <summary>Kept letters go as long after the decision as other endings after their end.</summary>
    // The partition of day 0; SQLite: primary key.
    private async Task DeleteDecidedAsync(int firstKept, CancellationToken cancellation)
    {
        var before = firstKept * DayMs;
        SqlText decided = $"""
            day = 0 and (redriven_ms is not null or dismissed_ms is not null)
              and coalesce(redriven_ms, 0) < {before} and coalesce(dismissed_ms, 0) < {before}
            """;
        while (
            await database
                .WriteAsync(
                    (session, ct) =>
                        session.ExecuteAsync(
                            database.Dialect.DeleteSome("task_outcome", EndKey, decided, RowsPerWrite),
                            ct
                        ),
                    cancellation
                )
                .ConfigureAwait(false) == RowsPerWrite
        )
        {
            // A full step: there may be more.
        }
    }

    // SQLite. Primary key (day, task_id, version).
    private async Task<TaskOutcomeMaintenance> DeleteBeforeAsync(int firstKept, CancellationToken cancellation)
    {
        for (var days = 0; ; days++)
        {
            var oldest = await database
                .ReadAsync(
                    (session, ct) =>
                        session.NumberAsync($"select min(day) from task_outcome where day > 0", firstKept, ct),
                    cancellation
                )
                .ConfigureAwait(false);
            if (oldest >= firstKept)
                return new TaskOutcomeMaintenance(0, days, true);
            while (
                await database
                    .WriteAsync(
                        (session, ct) =>
                            session.ExecuteAsync(
                                database.Dialect.DeleteSome("task_outcome", EndKey, $"day = {oldest}", RowsPerWrite),
                                ct
                            ),
                        cancellation
                    )
                    .ConfigureAwait(false) == RowsPerWrite
            )
            {
                // A full step: the day may have more.
            }
        }
    }

    /// <summary>
    /// The last row of the stretch that one page looks at; null where the index alone answers, or the stretch ends
    /// before.
    /// </summary>
    private async Task<Position?> EdgeAsync(DbSession session, Stretch stretch, CancellationToken cancellation)
    {
        if (stretch.Others.Count == 0)
            return null;
        // Covering: the index holds every column.
        var edge = await session
            .ListAsync(
                $"""
                select ended_ms, task_id, version from
                  task_outcome{database.Dialect.ByIndex(stretch.Index)}{Where(stretch.Ranges)}
                  order by ended_ms desc, task_id desc, version desc limit 1 offset {LookedMax - 1}
                """,
                row => new Position(row.GetInt64(0), row.GetString(1), row.GetInt32(2)),
                cancellation
            )
            .ConfigureAwait(false);
        return edge.Count == 0 ? null : edge[0];
    }

    /// <summary>The statement of a first page.</summary>
    internal static SqlText Search(TaskOutcomeFilter filter, int limit, Dialect dialect) =>
        Search(new Stretch(filter, null), null, limit, dialect);

    private static SqlText Search(Stretch stretch, Position? edge, int limit, Dialect dialect) =>
        new SqlText().Append(
            $"""
            select {TaskOutcomeRows.Columns} from {Rows(stretch, edge, dialect)}
              order by ended_ms desc, task_id desc, version desc limit {limit}
            """
        );

    private static SqlText Rows(Stretch stretch, Position? edge, Dialect dialect)
    {
        var conditions = new List<SqlText>(stretch.Ranges);
        if (edge is var (ended, id, version))
            conditions.Add(
                $"ended_ms >= {ended} and (ended_ms > {ended} or task_id > {id} or (task_id = {id} and version "
                    + $">= {version}))"
            );
        conditions.AddRange(stretch.Others);
        return new SqlText().Append($"task_outcome{dialect.ByIndex(stretch.Index)}{Where(conditions)}");
    }

    private static SqlText Where(List<SqlText> conditions) =>
        conditions.Count == 0 ? new SqlText() : new SqlText().Append($" where {SqlText.Join(" and ", conditions)}");

    private static Position PositionOf(TaskOutcome ending) =>
        new(ending.EndedAt.ToUnixTimeMilliseconds(), ending.TaskId, ending.Version);

    private static string WriteToken(Position place) =>
        PageToken.Write(
            "task-ends",
            place.EndedMs,
            string.Create(CultureInfo.InvariantCulture, $"{place.Version}:{place.TaskId}")
        );

    private static Position? ReadToken(string? pageToken)
    {
        if (PageToken.Read("task-ends", pageToken) is not var (ended, id))
            return null;
        var colon = id.IndexOf(':');
        return
            colon > 0
            && int.TryParse(id.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? new Position(ended, id[(colon + 1)..], version)
            : throw new FormatException("The page token is not valid for this list.");
    }

    /// <summary>A row's place in time.</summary>
    private readonly record struct Position(long EndedMs, string TaskId, int Version);

    /// <summary>A stretch of one index, and what else its rows must be.</summary>
    private sealed class Stretch
    {
        private string? _index;

        public Stretch(TaskOutcomeFilter filter, Position? after)
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

        private void Equal(string index, SqlText condition)
        {
            (_index is null ? Ranges : Others).Add(condition);
            _index ??= index;
        }
    }
}
