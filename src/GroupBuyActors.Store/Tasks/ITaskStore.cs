using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>Which tasks to list; null = any.</summary>
public sealed record TaskFilter(string? Type = null, ShardId? Shard = null, GroupId? Group = null);

/// <summary>Reads pending tasks. They are written by commits only.</summary>
public interface ITaskStore
{
    /// <summary>
    /// Tasks of the shards whose next try is before <paramref name="until"/>, at most <paramref name="limit"/> (the earliest due of
    /// each shard first); <c>Complete</c> is false where the limit cut the list.
    /// </summary>
    Task<(IReadOnlyList<TimedTask> Tasks, bool Complete)> ReadHorizonAsync(IReadOnlyCollection<ShardId> shards, DateTimeOffset until, int limit, CancellationToken cancellation);

    /// <summary>A pending task by its id, or null.</summary>
    Task<TimedTask?> FindAsync(string taskId, CancellationToken cancellation);

    /// <summary>Pending tasks of a group, the earliest due first.</summary>
    Task<IReadOnlyList<TimedTask>> FindAllOfGroupAsync(GroupId group, int limit, CancellationToken cancellation);

    /// <summary>
    /// Pending tasks of a group by id, a page at a time: whatever moves meanwhile, what is pending throughout is in one of them. A mark
    /// that is none throws <see cref="FormatException"/>.
    /// </summary>
    Task<Reading.Page<TimedTask>> PageOfGroupAsync(GroupId group, string? after, int limit, CancellationToken cancellation);

    /// <summary>
    /// Pending tasks, the latest due first; behind them those again that have moved since the first page. A page of one type in all shards looks at a bounded number of rows: it may be shorter than
    /// <paramref name="limit"/>, or empty, and still name the next.
    /// </summary>
    Task<Reading.Page<TimedTask>> ListAsync(TaskFilter filter, string? after, int limit, CancellationToken cancellation);

    /// <summary>How many tasks the shards hold, by type; reads all of their rows, so a few shards at a time. What has none is left out.</summary>
    Task<IReadOnlyList<(ShardId Shard, string Type, long Tasks)>> CountAsync(IReadOnlyCollection<ShardId> shards, CancellationToken cancellation);
}
