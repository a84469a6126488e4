using GroupBuyActors.Reading;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>
/// Reads <c>timed_task</c> by its clustered key (shard, due_ms, id), a range a shard, never the whole table; single
/// tasks, and an actor's, by <c>timed_task_id</c>.
/// </summary>
internal sealed class TaskReader(Database database) : ITaskStore
{
    /// <summary>
    /// Shards named in one statement: MariaDB turns an <c>in</c> list of 1,000 or more into a join that reads whole
    /// shards.
    /// </summary>
    private const int ShardsPerStatement = 500;

    private const string OfOneActor = "actor-tasks";
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
            // Statement by statement, each with what is left of the limit: what does not fit must not be read to find
            // out.
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

    // Index timed_task_id: a step an id.
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

    // Index timed_task_id: an actor's tasks lie together in it, whatever their shard holds.
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
        if (PageToken.Read(OfOneActor, after) is var (_, id))
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
        return PageToken.Page(rows, limit, task => PageToken.Write(OfOneActor, 0, task.Key.Id));
    }

    public Task<Page<TimedTask>> ListAsync(
        TaskFilter filter,
        string? after,
        int limit,
        CancellationToken cancellation
    ) => _lists.PageAsync(filter, after, limit, cancellation);

    // Primary key, a range a shard.
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

    // Primary key, a range a shard. A row's due never changes while its retries do (next_ms ≥ due_ms): the key's range
    // holds all that may be next, and a few more.
    internal static SqlText Range(int[] shards, DateTimeOffset until, int limit) =>
        new SqlText().Append(
            $"""
            select {TaskRows.Columns} from timed_task where shard in ({SqlText.Numbers(shards)})
              and due_ms < {Ms(until)} and next_ms < {Ms(until)} limit {limit}
            """
        );

    /// <summary>
    /// More than fits: every shard gets its share of the limit, its earliest first, and what some do not need is shared
    /// out among the others, so that no shard waits behind another's backlog.
    /// </summary>
    private async Task<HorizonReading> EarliestOfEachAsync(
        int[] shards,
        DateTimeOffset until,
        int limit,
        CancellationToken cancellation
    )
    {
        var taken = new List<TimedTask>(limit);
        var hungry = (await ShardsWithDueAsync(until, cancellation).ConfigureAwait(false))
            .Intersect(shards)
            .Select(shard => (Shard: shard, AfterDue: 0L, AfterId: ""))
            .ToList();
        var share = Math.Max(1, limit / Math.Max(1, hungry.Count));
        while (hungry.Count > 0 && share > 0)
        {
            var statements = database.Dialect.Together(hungry.Select(range => Next(range, until, share)));
            var rows = await database
                .ReadAsync((session, ct) => session.ListAllAsync(statements, TaskRows.Read, ct), cancellation)
                .ConfigureAwait(false);
            taken.AddRange(rows);
            hungry = rows.GroupBy(task => task.Key.Shard.Index)
                .Where(shard => shard.Count() == share)
                .Select(shard =>
                    shard.OrderBy(task => task.Key.Due).ThenBy(task => task.Key.Id, StringComparer.Ordinal).Last().Key
                )
                .Select(last => (last.Shard.Index, Ms(last.Due), last.Id))
                .ToList();
            // Less than one of each is not worth a round.
            share = hungry.Count == 0 ? 0 : (limit - taken.Count) / hungry.Count;
        }

        // A shard that took its whole share may have more, none of it due before the last that it took.
        DateTimeOffset? readTo = hungry.Count == 0 ? null : TaskBounds.Instant(hungry.Min(range => range.AfterDue));
        if (taken.Count <= limit)
            return new HorizonReading { Tasks = taken, ReadTo = readTo };
        // One of each shard may be more than the limit already.
        var earliest = taken.OrderBy(task => task.Key.Due).Take(limit).ToList();
        return new HorizonReading
        {
            Tasks = earliest,
            ReadTo = readTo < earliest[^1].Key.Due ? readTo : earliest[^1].Key.Due,
        };
    }

    // A step a shard in the primary key of timed_task: shards with nothing due cost no statement of their own. The
    // shard is in the order, too, though it is one: MySQL would sort all rows of every shard else, not taking the key's
    // order for that of the due.
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
    /// An actor's tasks, by their ids: these begin with the actor and a colon, behind which the semicolon comes next.
    /// </summary>
    internal static SqlText OfActor(ActorId actor) =>
        new SqlText().Append($"id >= {actor + ":"} and id < {actor + ";"}");

    private static long Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds();
}
