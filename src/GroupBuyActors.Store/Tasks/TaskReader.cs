using GroupBuyActors.Reading;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>
/// Reads <c>timed_task</c> by its clustered key (shard, due_ms, id), one range per shard, never the whole table; single
/// tasks, and those of an actor, by <c>timed_task_id</c>.
/// </summary>
internal sealed class TaskReader(Database database) : ITaskStore
{
    /// <summary>
    /// Shards in one statement: MariaDB converts an <c>in</c> list of 1,000 or more to a join that reads whole shards.
    /// </summary>
    private const int ShardsPerStatement = 500;

    private const string ActorList = "actor-tasks";
    private readonly Raw _byId = database.Dialect.ByIndex("timed_task_id");
    private readonly TaskLists _lists = new(database);

    public async Task<HorizonReading> ReadHorizonAsync(
        IReadOnlyCollection<ShardId> shards,
        DateTimeOffset until,
        int limit,
        CancellationToken cancellation
    )
    {
        var numbers = shards.Select(shard => shard.Index).Order().ToArray();
        if (numbers.Length == 0 || limit <= 0)
            return new HorizonReading { Tasks = [], ReadTo = numbers.Length == 0 ? null : DateTimeOffset.MinValue };
        var all = new List<TimedTask>();
        foreach (var some in numbers.Chunk(ShardsPerStatement))
        {
            // Each statement has the rest of the limit as its limit, so that no more rows are read than are needed to
            // know that the limit is exceeded.
            var left = limit + 1 - all.Count;
            all.AddRange(
                await database
                    .ReadAsync(
                        (session, ct) => session.ListAsync(Range(some, until, left), TaskRows.Read, ct),
                        cancellation
                    )
                    .ConfigureAwait(false)
            );
            if (all.Count > limit)
                return await EarliestOfEachAsync(numbers, until, limit, cancellation).ConfigureAwait(false);
        }

        return new HorizonReading { Tasks = all };
    }

    // Index timed_task_id.
    public Task<TimedTask?> FindAsync(string taskId, CancellationToken cancellation)
    {
        if (!TaskIds.IsStorable(taskId) || !TaskIds.TryGetShard(taskId, out var shard))
            return Task.FromResult<TimedTask?>(null);
        return database.ReadAsync(
            async (session, ct) =>
                (
                    await session
                        .ListAsync(
                            $"""
                            select {TaskRows.Columns} from timed_task{_byId} where id = {taskId}
                              and shard = {shard.Index} limit 1
                            """,
                            TaskRows.Read,
                            ct
                        )
                        .ConfigureAwait(false)
                ).FirstOrDefault(),
            cancellation
        );
    }

    // Index timed_task_id: one lookup per id.
    public async Task<IReadOnlyCollection<string>> PresentAsync(
        IReadOnlyCollection<string> taskIds,
        CancellationToken cancellation
    )
    {
        if (taskIds.Count == 0)
            return [];
        return await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"select id from timed_task{_byId} where id in ({SqlText.Values(taskIds)})",
                        row => row.GetString(0),
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
    }

    // Index timed_task_id: an actor's tasks are adjacent in it.
    public async Task<IReadOnlyList<TimedTask>> FindAllOfActorAsync(
        ActorId actor,
        int limit,
        CancellationToken cancellation
    ) =>
        await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"""
                        select {TaskRows.Columns} from timed_task{_byId} where {OfActor(actor)}
                          order by due_ms, id limit {limit}
                        """,
                        TaskRows.Read,
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);

    // The same index, in its order.
    public async Task<Page<TimedTask>> PageOfActorAsync(
        ActorId actor,
        string? after,
        int limit,
        CancellationToken cancellation
    )
    {
        SqlText from = $"";
        if (PageToken.Read(ActorList, after) is var (_, id))
            from = $" and id > {id}";
        var rows = await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"""
                        select {TaskRows.Columns} from timed_task{_byId} where {OfActor(actor)}{from}
                          order by id limit {limit + 1}
                        """,
                        TaskRows.Read,
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
        return PageToken.Page(rows, limit, task => PageToken.Write(ActorList, 0, task.Key.Id));
    }

    public Task<Page<TimedTask>> ListAsync(
        TaskFilter filter,
        string? after,
        int limit,
        CancellationToken cancellation
    ) => _lists.PageAsync(filter, after, limit, cancellation);

    // Primary key, one range per shard.
    public async Task<IReadOnlyList<(ShardId Shard, string Type, long Tasks)>> CountAsync(
        IReadOnlyCollection<ShardId> shards,
        CancellationToken cancellation
    ) =>
        shards.Count == 0
            ? []
            : await database
                .ReadAsync(
                    (session, ct) =>
                        session.ListAsync(
                            $"""
                            select shard, type, count(*) from timed_task
                              where shard in ({SqlText.Numbers(shards.Select(shard => shard.Index).Order())})
                              group by shard, type
                            """,
                            row => (new ShardId(row.GetInt32(0)), row.GetString(1), row.GetInt64(2)),
                            ct
                        ),
                    cancellation
                )
                .ConfigureAwait(false);

    // Primary key, one range per shard. Retries change next_ms and not due_ms (next_ms ≥ due_ms), so the key's range
    // contains all rows that may be next, and a few more.
    internal static SqlText Range(int[] shards, DateTimeOffset until, int limit) =>
        new SqlText().Append(
            $"""
            select {TaskRows.Columns} from timed_task where shard in ({SqlText.Numbers(shards)})
              and due_ms < {Ms(until)} and next_ms < {Ms(until)} limit {limit}
            """
        );

    /// <summary>
    /// For more tasks than the limit: every shard gets an equal share of the limit, its earliest tasks first, and what
    /// some do not use is divided among the others, so that no shard waits for another's backlog.
    /// </summary>
    private async Task<HorizonReading> EarliestOfEachAsync(
        int[] shards,
        DateTimeOffset until,
        int limit,
        CancellationToken cancellation
    )
    {
        var taken = new List<TimedTask>(limit);
        var unfilled = (await ShardsWithDueAsync(until, cancellation).ConfigureAwait(false))
            .Intersect(shards)
            .Select(shard => (Shard: shard, AfterDue: 0L, AfterId: ""))
            .ToList();
        var share = Math.Max(1, limit / Math.Max(1, unfilled.Count));
        while (unfilled.Count > 0 && share > 0)
        {
            var statements = database.Dialect.Combine(unfilled.Select(range => Next(range, until, share)));
            var rows = await database
                .ReadAsync((session, ct) => session.ListAllAsync(statements, TaskRows.Read, ct), cancellation)
                .ConfigureAwait(false);
            taken.AddRange(rows);
            unfilled = rows.GroupBy(task => task.Key.Shard.Index)
                .Where(shard => shard.Count() == share)
                .Select(shard =>
                    shard.OrderBy(task => task.Key.Due).ThenBy(task => task.Key.Id, StringComparer.Ordinal).Last().Key
                )
                .Select(last => (last.Shard.Index, Ms(last.Due), last.Id))
                .ToList();
            // With less than one task per shard another round is not worth it.
            share = unfilled.Count == 0 ? 0 : (limit - taken.Count) / unfilled.Count;
        }

        // A shard that used its whole share may have more tasks, none of them due before its last one.
        DateTimeOffset? readTo = unfilled.Count == 0 ? null : TaskBounds.Instant(unfilled.Min(range => range.AfterDue));
        if (taken.Count <= limit)
            return new HorizonReading { Tasks = taken, ReadTo = readTo };
        // One task of each shard may be more than the limit already.
        var earliest = taken.OrderBy(task => task.Key.Due).Take(limit).ToList();
        return new HorizonReading
        {
            Tasks = earliest,
            ReadTo = readTo < earliest[^1].Key.Due ? readTo : earliest[^1].Key.Due,
        };
    }

    // One lookup per shard in the primary key of timed_task, so that shards with nothing due need no statement of their
    // own. The order includes the shard although it is constant: otherwise MySQL sorts all rows of every shard, because
    // it does not see that the key's order is that of the due times.
    private Task<List<int>> ShardsWithDueAsync(DateTimeOffset until, CancellationToken cancellation) =>
        database.ReadAsync(
            (session, ct) =>
                session.ListAsync(
                    $"""
                    select shard from (
                      select s.shard as shard,
                        (select t.due_ms from timed_task t where t.shard = s.shard
                          order by t.shard, t.due_ms limit 1) as first_ms
                        from shard_owner s) firsts
                     where first_ms < {Ms(until)} order by shard
                    """,
                    row => row.GetInt32(0),
                    ct
                ),
            cancellation
        );

    // Primary key (shard, due_ms, id), in its order.
    private static SqlText Next((int Shard, long AfterDue, string AfterId) range, DateTimeOffset until, int share)
    {
        SqlText after = $"";
        if (range.AfterId.Length > 0)
            after = $" and due_ms >= {range.AfterDue} and (due_ms > {range.AfterDue} or id > {range.AfterId})";
        return new SqlText().Append(
            $"""
            select {TaskRows.Columns} from timed_task where shard = {range.Shard} and due_ms < {Ms(until)}
              and next_ms < {Ms(until)}{after} order by due_ms, id limit {share}
            """
        );
    }

    /// <summary>
    /// The condition for an actor's tasks: their ids begin with the actor's id and a colon, and in ASCII the semicolon
    /// is the character after the colon.
    /// </summary>
    internal static SqlText OfActor(ActorId actor) =>
        new SqlText().Append($"id >= {actor + ":"} and id < {actor + ";"}");

    private static long Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds();
}
