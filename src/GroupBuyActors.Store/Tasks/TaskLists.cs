using GroupBuyActors.Reading;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>
/// Pages of pending tasks for operators, the latest due first.
/// </summary>
/// <remarks>
/// Problem: the order is by due time, and a task's due time changes: by a wait beyond the horizon, or by an operator. A
/// task that moves from the unread part to the part that was read already would be in no page. So every move writes a
/// row in <c>task_move</c>, and a list ends with the tasks that were moved since it began. Guarantee: a task that is
/// pending from the first page to the last is in the list at least once; one that was moved meanwhile may be in it
/// twice. What would break it: a list that takes longer than moves are kept.
/// </remarks>
internal sealed class TaskLists(Database database)
{
    /// <summary>Rows that a page of one type reads: the type is not in the key.</summary>
    internal const int RowsScannedMax = 5_000;

    /// <summary>Moves that a page reads.</summary>
    private const int MovesPerPage = 500;

    /// <summary>
    /// The longest time from a move's time stamp to its commit: a list that began in between must not miss it.
    /// </summary>
    private const long CommitMs = 1_000;

    public Task<Page<TimedTask>> PageAsync(TaskFilter filter, string? after, int limit, CancellationToken cancellation)
    {
        var pageToken = TaskListToken.Read(after);
        if (filter.Actor is { } actor && filter.Shard is { } shard && shard != actor.Shard)
            return Task.FromResult(new Page<TimedTask>([], null));
        return database.ReadAsync((session, ct) => PageAsync(session, filter, pageToken, limit, ct), cancellation);
    }

    /// <summary>The database's time, in milliseconds.</summary>
    public Task<long> NowAsync(CancellationToken cancellation) => database.ReadAsync(NowAsync, cancellation);

    /// <summary>A page by due time only, of a list that began at a time.</summary>
    public Task<Page<TimedTask>> ByDueAsync(
        TaskFilter filter,
        TaskListToken? pageToken,
        long begun,
        int limit,
        CancellationToken cancellation
    ) => database.ReadAsync((session, ct) => ByDueAsync(session, filter, pageToken, begun, limit, ct), cancellation);

    /// <summary>A page of the tasks that were moved.</summary>
    public Task<Page<TimedTask>> MovedAsync(
        TaskFilter filter,
        TaskListToken pageToken,
        int limit,
        CancellationToken cancellation
    ) => database.ReadAsync((session, ct) => MovedAsync(session, filter, pageToken, limit, ct), cancellation);

    /// <summary>Where the moved tasks of a list begin.</summary>
    public static TaskListToken MovedSince(long begun, long ended) => new(true, ended, begun - CommitMs, "");

    private async Task<Page<TimedTask>> PageAsync(
        DbSession session,
        TaskFilter filter,
        TaskListToken? pageToken,
        int limit,
        CancellationToken cancellation
    )
    {
        if (pageToken is { IsMoved: true } moved)
            return await MovedAsync(session, filter, moved, limit, cancellation).ConfigureAwait(false);
        var begun = pageToken?.Bound ?? await NowAsync(session, cancellation).ConfigureAwait(false);
        var page = await ByDueAsync(session, filter, pageToken, begun, limit, cancellation).ConfigureAwait(false);
        return page.Next is null
            ? await WithMovedAsync(session, filter, page, begun, limit, cancellation).ConfigureAwait(false)
            : page;
    }

    private Task<long> NowAsync(DbSession session, CancellationToken cancellation) =>
        session.NumberAsync($"select {database.Dialect.NowMs}", 0, cancellation);

    private async Task<Page<TimedTask>> ByDueAsync(
        DbSession session,
        TaskFilter filter,
        TaskListToken? pageToken,
        long begun,
        int limit,
        CancellationToken cancellation
    )
    {
        if ((filter.Actor?.Shard ?? filter.Shard) is not { } shard)
            return await LatestOfAllAsync(session, filter.Type, pageToken, begun, limit, cancellation)
                .ConfigureAwait(false);
        var rows = await session
            .ListAsync(LatestOfShard(shard, filter, pageToken, limit + 1), TaskRows.Read, cancellation)
            .ConfigureAwait(false);
        return PageToken.Page(rows, limit, task => TaskListToken.Of(task, begun).ToString());
    }

    /// <summary>The last page by due time, filled up with the tasks that were moved since the list began.</summary>
    private async Task<Page<TimedTask>> WithMovedAsync(
        DbSession session,
        TaskFilter filter,
        Page<TimedTask> last,
        long begun,
        int limit,
        CancellationToken cancellation
    )
    {
        var start = MovedSince(begun, await NowAsync(session, cancellation).ConfigureAwait(false));
        var moved = await MovedAsync(session, filter, start, Math.Max(1, limit - last.Items.Count), cancellation)
            .ConfigureAwait(false);
        return FilledUp(last, moved, start.ToString(), limit);
    }

    /// <summary>The last page by due time with moved tasks, each shown once.</summary>
    /// <param name="last">The last page by due time.</param>
    /// <param name="moved">The first moved tasks that fit.</param>
    /// <param name="start">The token of the first moved task.</param>
    /// <param name="limit">How many a page has at most.</param>
    internal static Page<TimedTask> FilledUp(Page<TimedTask> last, Page<TimedTask> moved, string start, int limit)
    {
        if (moved is { Items.Count: 0, Next: null })
            return last;
        if (last.Items.Count == limit)
            return last with { Next = start };
        var shown = last.Items.Select(task => task.Key.Id).ToHashSet(StringComparer.Ordinal);
        return new Page<TimedTask>(
            [.. last.Items, .. moved.Items.Where(task => !shown.Contains(task.Key.Id))],
            moved.Next
        );
    }

    // Primary key of task_move, then index timed_task_id.
    private async Task<Page<TimedTask>> MovedAsync(
        DbSession session,
        TaskFilter filter,
        TaskListToken pageToken,
        int limit,
        CancellationToken cancellation
    )
    {
        var moves = await session
            .ListAsync(
                $"""
                select at_ms, id from task_move where at_ms >= {pageToken.At}
                  and (at_ms > {pageToken.At} or id > {pageToken.Id}) and at_ms <= {pageToken.Bound} order by at_ms, id
                  limit {MovesPerPage}
                """,
                row => (At: row.GetInt64(0), Id: row.GetString(1)),
                cancellation
            )
            .ConfigureAwait(false);
        if (moves.Count == 0)
            return new Page<TimedTask>([], null);
        var tasks = await FindPendingAsync(session, filter, moves.Select(move => move.Id), cancellation)
            .ConfigureAwait(false);
        var (found, scanned) = (new List<TimedTask>(), 0);
        for (; scanned < moves.Count && found.Count < limit; scanned++)
            if (tasks.Remove(moves[scanned].Id, out var task))
                found.Add(task);
        var isEnd = scanned == moves.Count && moves.Count < MovesPerPage;
        return new Page<TimedTask>(
            found,
            isEnd ? null : (pageToken with { At = moves[scanned - 1].At, Id = moves[scanned - 1].Id }).ToString()
        );
    }

    private async Task<Dictionary<string, TimedTask>> FindPendingAsync(
        DbSession session,
        TaskFilter filter,
        IEnumerable<string> ids,
        CancellationToken cancellation
    )
    {
        var conditions = Conditions(filter);
        conditions.Add($"id in ({SqlText.Values(ids.Distinct(StringComparer.Ordinal))})");
        var rows = await session
            .ListAsync(
                $"""
                select {TaskRows.Columns} from timed_task{database.Dialect.ByIndex("timed_task_id")}
                  where {SqlText.Join(" and ", conditions)}
                """,
                TaskRows.Read,
                cancellation
            )
            .ConfigureAwait(false);
        return rows.DistinctBy(task => task.Key.Id).ToDictionary(task => task.Key.Id, StringComparer.Ordinal);
    }

    private static List<SqlText> Conditions(TaskFilter filter)
    {
        var conditions = new List<SqlText>();
        if ((filter.Actor?.Shard ?? filter.Shard) is { } shard)
            conditions.Add($"shard = {shard.Index}");
        if (filter.Type is { } type)
            conditions.Add($"type = {type}");
        if (filter.Actor is { } actor)
            conditions.Add(TaskReader.OfActor(actor));
        return conditions;
    }

    // Primary key, backwards, within one shard; for an actor, index timed_task_id.
    private SqlText LatestOfShard(ShardId shard, TaskFilter filter, TaskListToken? pageToken, int limit)
    {
        var conditions = Conditions(filter with { Shard = shard });
        if (pageToken is var (_, _, due, id))
            conditions.Add($"due_ms <= {due} and (due_ms < {due} or id < {id})");
        Raw index = filter.Actor is null ? new("") : database.Dialect.ByIndex("timed_task_id");
        return new SqlText().Append(
            $"""
            select {TaskRows.Columns} from timed_task{index} where {SqlText.Join(" and ", conditions)}
              order by due_ms desc, id desc limit {limit}
            """
        );
    }

    /// <summary>
    /// A page of all shards. A page of a rare type ends after <see cref="RowsScannedMax"/> rows, full or not, and has a
    /// next page.
    /// </summary>
    private async Task<Page<TimedTask>> LatestOfAllAsync(
        DbSession session,
        string? type,
        TaskListToken? pageToken,
        long begun,
        int limit,
        CancellationToken cancellation
    )
    {
        (long, string)? place = pageToken is var (_, _, due, id) ? (due, id) : null;
        var latest = await LatestTasks.OpenAsync(session, database.Dialect, place, cancellation).ConfigureAwait(false);
        var found = new List<TimedTask>();
        TimedTask? last = null;
        // Each step reads twice as many rows: a common type fills its page with the first step, a rare one does not
        // need many steps.
        for (int scanned = 0, step = limit + 1; scanned < RowsScannedMax; step *= 2)
        {
            var rows = await latest
                .TakeAsync(Math.Min(step, RowsScannedMax - scanned), cancellation)
                .ConfigureAwait(false);
            if (rows.Count == 0)
                return new Page<TimedTask>(found, null);
            foreach (var task in rows)
            {
                if (type is null || task.Type == type)
                {
                    if (found.Count == limit)
                        return new Page<TimedTask>(found, TaskListToken.Of(last!, begun).ToString());
                    found.Add(task);
                }

                last = task;
            }

            scanned += rows.Count;
        }

        return new Page<TimedTask>(found, TaskListToken.Of(last!, begun).ToString());
    }
}
