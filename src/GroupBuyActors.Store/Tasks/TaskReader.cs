using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>Reads <c>timed_task</c> by its clustered key (shard, due_ms, id): a range a shard, never the whole table but for one admin list.</summary>
internal sealed class TaskReader(Database database) : ITaskStore
{
    /// <summary>Shards named in one statement: MariaDB turns an <c>in</c> list of 1,000 or more into a join that reads whole shards.</summary>
    private const int ShardsPerStatement = 500;

    public async Task<(IReadOnlyList<TimedTask> Tasks, bool Complete)> ReadHorizonAsync(
        IReadOnlyCollection<ShardId> shards, DateTimeOffset until, int limit, CancellationToken cancellation)
    {
        var numbers = shards.Select(shard => shard.Index).Order().ToArray();
        if (numbers.Length == 0 || limit <= 0) return ([], numbers.Length == 0);
        var all = await database.ReadAsync((session, ct) => session.ListAllAsync(Ranges(numbers, until, limit + 1), TaskRows.Read, ct), cancellation).ConfigureAwait(false);
        if (all.Count <= limit) return (all, true);
        return (await EarliestOfEachAsync(numbers, until, limit, cancellation).ConfigureAwait(false), false);
    }

    public Task<TimedTask?> FindAsync(string taskId, CancellationToken cancellation)
    {
        ShardId shard;
        if (TaskIds.TryGetGroup(taskId, out var group)) shard = group.Shard;
        else if (!TaskIds.TryGetShard(taskId, out shard)) return Task.FromResult<TimedTask?>(null);
        return database.ReadAsync(async (session, ct) =>
            (await session.ListAsync($"select {TaskRows.Columns} from timed_task where shard = {shard.Index} and id = {taskId} limit 1", TaskRows.Read, ct).ConfigureAwait(false)).FirstOrDefault(), cancellation);
    }

    public async Task<Page<TimedTask>> ListAsync(TaskFilter filter, string? after, int limit, CancellationToken cancellation)
    {
        var mark = PageMark.Read("tasks", after);
        var shard = filter.Group?.Shard ?? filter.Shard;
        if (filter.Group is { } asked && filter.Shard is { } other && other != asked.Shard) return new Page<TimedTask>([], null);
        var rows = await database.ReadAsync(async (session, ct) =>
        {
            var conditions = Conditions(filter, mark);
            return shard is null && filter.Type is null
                ? await LatestOfAllAsync(session, conditions, mark, limit + 1, ct).ConfigureAwait(false)
                : await session.ListAsync(Latest(shard, conditions, limit + 1), TaskRows.Read, ct).ConfigureAwait(false);
        }, cancellation).ConfigureAwait(false);
        return PageMark.Page(rows, limit, task => PageMark.Write("tasks", task.Key.Due.ToUnixTimeMilliseconds(), task.Key.Id));
    }

    public Task<int> PurgeRunsAsync(DateTimeOffset before, int limit, CancellationToken cancellation) => database.WriteAsync((session, ct) =>
        session.ExecuteAsync(database.Dialect.DeleteSome("task_run", ["due_day", "task_id", "version"], $"due_day < {before.ToUnixTimeMilliseconds() / 86_400_000}", limit), ct), cancellation);

    // A row's due never changes while its retries do (next_ms ≥ due_ms): the key's range holds all that may be next, and a few more.
    private static SqlText Ranges(int[] shards, DateTimeOffset until, int limit) => SqlText.Join(";\n", shards.Chunk(ShardsPerStatement).Select(chunk =>
        new SqlText().Append($"select {TaskRows.Columns} from timed_task where shard in ({SqlText.Numbers(chunk)}) and due_ms < {Ms(until)} and next_ms < {Ms(until)} limit {limit}")));

    /// <summary>
    /// More than fits: every shard gets its share of the limit, its earliest first, and what some do not need is shared out among
    /// the others, so that no shard waits behind another's backlog.
    /// </summary>
    private async Task<IReadOnlyList<TimedTask>> EarliestOfEachAsync(int[] shards, DateTimeOffset until, int limit, CancellationToken cancellation)
    {
        var taken = new List<TimedTask>(limit);
        var hungry = shards.Select(shard => (Shard: shard, AfterDue: 0L, AfterId: "")).ToList();
        while (hungry.Count > 0 && taken.Count < limit)
        {
            var share = Math.Max(1, (limit - taken.Count) / hungry.Count);
            var statements = SqlText.Join(";\n", hungry.Select(range => Next(range, until, share)));
            var rows = await database.ReadAsync((session, ct) => session.ListAllAsync(statements, TaskRows.Read, ct), cancellation).ConfigureAwait(false);
            taken.AddRange(rows);
            hungry = rows.GroupBy(task => task.Key.Shard.Index)
                .Where(shard => shard.Count() == share)
                .Select(shard => (shard.Key, Ms(shard.Last().Key.Due), shard.Last().Key.Id))
                .ToList();
        }

        // One of each shard may be more than the limit already.
        return taken.Count <= limit ? taken : taken.OrderBy(task => task.Key.Due).Take(limit).ToList();
    }

    private static SqlText Next((int Shard, long AfterDue, string AfterId) range, DateTimeOffset until, int share)
    {
        SqlText after = $"";
        if (range.AfterId.Length > 0) after = $" and due_ms >= {range.AfterDue} and (due_ms > {range.AfterDue} or id > {range.AfterId})";
        return new SqlText().Append($"select {TaskRows.Columns} from timed_task where shard = {range.Shard} and due_ms < {Ms(until)} and next_ms < {Ms(until)}{after} order by due_ms, id limit {share}");
    }

    private static List<SqlText> Conditions(TaskFilter filter, (long Due, string Id)? mark)
    {
        var conditions = new List<SqlText>();
        if (mark is var (due, id)) conditions.Add($"due_ms <= {due} and (due_ms < {due} or id < {id})");
        if (filter.Type is { } type) conditions.Add($"type = {type}");
        if (filter.Group is { } group) conditions.Add($"group_id = {group.Value}");
        return conditions;
    }

    private static SqlText Latest(ShardId? shard, List<SqlText> conditions, int limit)
    {
        var all = new List<SqlText>(conditions);
        if (shard is { } one) all.Insert(0, $"shard = {one.Index}");
        SqlText where = $"";
        if (all.Count > 0) where = $" where {SqlText.Join(" and ", all)}";
        return new SqlText().Append($"select {TaskRows.Columns} from timed_task{where} order by due_ms desc, id desc limit {limit}");
    }

    /// <summary>
    /// The latest due of all shards, without an index on due alone (every commit would pay for it): each shard's last due is one
    /// step in the key, and a page can only come from as many shards as it has rows.
    /// </summary>
    private static async Task<List<TimedTask>> LatestOfAllAsync(
        DbSession session, List<SqlText> conditions, (long Due, string Id)? mark, int limit, CancellationToken cancellation)
    {
        var ends = await session.ListAsync(
            $"select shard, max(due_ms) from timed_task where due_ms <= {mark?.Due ?? long.MaxValue} group by shard",
            row => (Shard: new ShardId(row.GetInt32(0)), Last: row.GetInt64(1)), cancellation).ConfigureAwait(false);
        if (ends.Count == 0) return [];
        // Shards that end at the page's own mark may hold nothing but rows already shown, so those are read besides.
        var candidates = ends.Where(end => end.Last == mark?.Due).Concat(ends.Where(end => end.Last != mark?.Due).OrderByDescending(end => end.Last).Take(limit)).ToList();
        var rows = await session.ListAllAsync(
            SqlText.Join(";\n", candidates.Select(end => Latest(end.Shard, conditions, limit))), TaskRows.Read, cancellation).ConfigureAwait(false);
        return rows.OrderByDescending(task => task.Key.Due).ThenByDescending(task => task.Key.Id, StringComparer.Ordinal).Take(limit).ToList();
    }

    private static long Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds();
}
