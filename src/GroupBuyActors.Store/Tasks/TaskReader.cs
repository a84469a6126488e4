using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>Reads <c>timed_task</c> by its clustered key (shard, due_ms, id): a range a shard, never the whole table.</summary>
internal sealed class TaskReader(Database database) : ITaskStore
{
    /// <summary>Shards named in one statement: MariaDB turns an <c>in</c> list of 1,000 or more into a join that reads whole shards.</summary>
    private const int ShardsPerStatement = 500;

    /// <summary>Rows that a page of one type looks at: a type is not in the key.</summary>
    internal const int LookedMax = 5_000;

    public async Task<(IReadOnlyList<TimedTask> Tasks, bool Complete)> ReadHorizonAsync(
        IReadOnlyCollection<ShardId> shards, DateTimeOffset until, int limit, CancellationToken cancellation)
    {
        var numbers = shards.Select(shard => shard.Index).Order().ToArray();
        if (numbers.Length == 0 || limit <= 0) return ([], numbers.Length == 0);
        var all = new List<TimedTask>();
        foreach (var some in numbers.Chunk(ShardsPerStatement))
        {
            // Statement by statement, each with what is left of the limit: what does not fit must not be read to find out.
            var left = limit + 1 - all.Count;
            all.AddRange(await database.ReadAsync((session, ct) => session.ListAsync(Range(some, until, left), TaskRows.Read, ct), cancellation).ConfigureAwait(false));
            if (all.Count > limit) return (await EarliestOfEachAsync(numbers, until, limit, cancellation).ConfigureAwait(false), false);
        }

        return (all, true);
    }

    public Task<TimedTask?> FindAsync(string taskId, CancellationToken cancellation)
    {
        ShardId shard;
        if (TaskIds.TryGetGroup(taskId, out var group)) shard = group.Shard;
        else if (!TaskIds.TryGetShard(taskId, out shard)) return Task.FromResult<TimedTask?>(null);
        return database.ReadAsync(async (session, ct) =>
            (await session.ListAsync($"select {TaskRows.Columns} from timed_task where shard = {shard.Index} and id = {taskId} limit 1", TaskRows.Read, ct).ConfigureAwait(false)).FirstOrDefault(), cancellation);
    }

    // Range on the primary key: one shard, in the key's order, so that the limit ends it.
    public async Task<IReadOnlyList<TimedTask>> FindAllOfGroupAsync(GroupId group, int limit, CancellationToken cancellation) => await database.ReadAsync(
        (session, ct) => session.ListAsync(
            $"select {TaskRows.Columns} from timed_task where shard = {group.Shard.Index} and group_id = {group.Value} order by due_ms, id limit {limit}", TaskRows.Read, ct), cancellation).ConfigureAwait(false);

    public Task<Page<TimedTask>> ListAsync(TaskFilter filter, string? after, int limit, CancellationToken cancellation)
    {
        var mark = PageMark.Read("tasks", after);
        var shard = filter.Group?.Shard ?? filter.Shard;
        if (filter.Group is { } asked && filter.Shard is { } other && other != asked.Shard) return Task.FromResult(new Page<TimedTask>([], null));
        return database.ReadAsync(async (session, ct) => shard is { } one
            ? PageMark.Page(await session.ListAsync(LatestOfShard(one, filter, mark, limit + 1), TaskRows.Read, ct).ConfigureAwait(false), limit, Mark)
            : await LatestOfAllAsync(session, filter.Type, mark, limit, ct).ConfigureAwait(false), cancellation);
    }

    // Primary key, a range a shard.
    public async Task<IReadOnlyList<(ShardId Shard, string Type, long Tasks)>> CountAsync(IReadOnlyCollection<ShardId> shards, CancellationToken cancellation) =>
        shards.Count == 0 ? [] : await database.ReadAsync((session, ct) => session.ListAsync(
            $"select shard, type, count(*) from timed_task where shard in ({SqlText.Numbers(shards.Select(shard => shard.Index).Order())}) group by shard, type",
            row => (new ShardId(row.GetInt32(0)), row.GetString(1), row.GetInt64(2)), ct), cancellation).ConfigureAwait(false);

    public Task<int> PurgeRunsAsync(DateTimeOffset before, int limit, CancellationToken cancellation) => database.WriteAsync((session, ct) =>
        session.ExecuteAsync(database.Dialect.DeleteSome("task_run", ["due_day", "task_id", "version"], $"due_day < {before.ToUnixTimeMilliseconds() / 86_400_000}", limit), ct), cancellation);

    // Primary key, a range a shard. A row's due never changes while its retries do (next_ms ≥ due_ms): the key's range holds all that
    // may be next, and a few more.
    internal static SqlText Range(int[] shards, DateTimeOffset until, int limit) => new SqlText().Append(
        $"select {TaskRows.Columns} from timed_task where shard in ({SqlText.Numbers(shards)}) and due_ms < {Ms(until)} and next_ms < {Ms(until)} limit {limit}");

    /// <summary>
    /// More than fits: every shard gets its share of the limit, its earliest first, and what some do not need is shared out among
    /// the others, so that no shard waits behind another's backlog.
    /// </summary>
    private async Task<IReadOnlyList<TimedTask>> EarliestOfEachAsync(int[] shards, DateTimeOffset until, int limit, CancellationToken cancellation)
    {
        var taken = new List<TimedTask>(limit);
        var hungry = (await ShardsWithDueAsync(until, cancellation).ConfigureAwait(false)).Intersect(shards).Select(shard => (Shard: shard, AfterDue: 0L, AfterId: "")).ToList();
        var share = Math.Max(1, limit / Math.Max(1, hungry.Count));
        while (hungry.Count > 0 && share > 0)
        {
            var statements = database.Dialect.Together(hungry.Select(range => Next(range, until, share)));
            var rows = await database.ReadAsync((session, ct) => session.ListAllAsync(statements, TaskRows.Read, ct), cancellation).ConfigureAwait(false);
            taken.AddRange(rows);
            hungry = rows.GroupBy(task => task.Key.Shard.Index)
                .Where(shard => shard.Count() == share)
                .Select(shard => shard.OrderBy(task => task.Key.Due).ThenBy(task => task.Key.Id, StringComparer.Ordinal).Last().Key)
                .Select(last => (last.Shard.Index, Ms(last.Due), last.Id))
                .ToList();
            // Less than one of each is not worth a round.
            share = hungry.Count == 0 ? 0 : (limit - taken.Count) / hungry.Count;
        }

        // One of each shard may be more than the limit already.
        return taken.Count <= limit ? taken : taken.OrderBy(task => task.Key.Due).Take(limit).ToList();
    }

    // A step a shard in the primary key of timed_task: shards with nothing due cost no statement of their own.
    private Task<List<int>> ShardsWithDueAsync(DateTimeOffset until, CancellationToken cancellation) => database.ReadAsync((session, ct) => session.ListAsync(
        $"""
        select shard from (
          select s.shard as shard, (select t.due_ms from timed_task t where t.shard = s.shard order by t.due_ms limit 1) as first_ms from shard_owner s) firsts
         where first_ms < {Ms(until)} order by shard
        """,
        row => row.GetInt32(0), ct), cancellation);

    // Primary key (shard, due_ms, id), in its order.
    private static SqlText Next((int Shard, long AfterDue, string AfterId) range, DateTimeOffset until, int share)
    {
        SqlText after = $"";
        if (range.AfterId.Length > 0) after = $" and due_ms >= {range.AfterDue} and (due_ms > {range.AfterDue} or id > {range.AfterId})";
        return new SqlText().Append($"select {TaskRows.Columns} from timed_task where shard = {range.Shard} and due_ms < {Ms(until)} and next_ms < {Ms(until)}{after} order by due_ms, id limit {share}");
    }

    // Primary key, backwards: one shard, as far as the page goes.
    private static SqlText LatestOfShard(ShardId shard, TaskFilter filter, (long Due, string Id)? mark, int limit)
    {
        var conditions = new List<SqlText> { $"shard = {shard.Index}" };
        if (mark is var (due, id)) conditions.Add($"due_ms <= {due} and (due_ms < {due} or id < {id})");
        if (filter.Type is { } type) conditions.Add($"type = {type}");
        if (filter.Group is { } group) conditions.Add($"group_id = {group.Value}");
        return new SqlText().Append($"select {TaskRows.Columns} from timed_task where {SqlText.Join(" and ", conditions)} order by due_ms desc, id desc limit {limit}");
    }

    /// <summary>A page of all shards. One of a rare type ends where <see cref="LookedMax"/> rows were looked at, full or not, and says where to go on.</summary>
    private async Task<Page<TimedTask>> LatestOfAllAsync(
        DbSession session, string? type, (long Due, string Id)? mark, int limit, CancellationToken cancellation)
    {
        var latest = await LatestTasks.OpenAsync(session, database.Dialect, mark, cancellation).ConfigureAwait(false);
        var found = new List<TimedTask>();
        TimedTask? last = null;
        // Twice as many each time: a common type fills its page with the first, a rare one is not sought a few rows at a time.
        for (int looked = 0, step = limit + 1; looked < LookedMax; step *= 2)
        {
            var rows = await latest.TakeAsync(Math.Min(step, LookedMax - looked), cancellation).ConfigureAwait(false);
            if (rows.Count == 0) return new Page<TimedTask>(found, null);
            foreach (var task in rows)
            {
                if (type is null || task.Type == type)
                {
                    if (found.Count == limit) return new Page<TimedTask>(found, Mark(last!));
                    found.Add(task);
                }

                last = task;
            }

            looked += rows.Count;
        }

        return new Page<TimedTask>(found, Mark(last!));
    }

    private static string Mark(TimedTask task) => PageMark.Write("tasks", task.Key.Due.ToUnixTimeMilliseconds(), task.Key.Id);

    private static long Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds();
}
