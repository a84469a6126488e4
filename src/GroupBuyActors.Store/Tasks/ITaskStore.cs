using GroupBuyActors.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>Which tasks to list; null = any.</summary>
internal sealed record TaskFilter(string? Type = null, ShardId? Shard = null, ActorId? Actor = null);

/// <summary>What a reading of the horizon brought.</summary>
internal readonly record struct HorizonReading
{
    /// <summary>Tasks in no order.</summary>
    public required IReadOnlyList<TimedTask> Tasks { get; init; }

    /// <summary>Null where nothing was left out; else no task that was left out is due before this.</summary>
    public DateTimeOffset? ReadTo { get; init; }

    /// <summary>True where nothing was left out.</summary>
    public bool Complete => ReadTo is null;

    /// <summary>Gives the tasks, and whether nothing was left out.</summary>
    public void Deconstruct(out IReadOnlyList<TimedTask> tasks, out bool complete) =>
        (tasks, complete) = (Tasks, Complete);
}

/// <summary>Reads pending tasks. They are written by commits only.</summary>
internal interface ITaskStore
{
    /// <summary>
    /// Tasks of the shards whose next try is before <paramref name="until"/>, at most <paramref name="limit"/> (the
    /// earliest due of each shard first), and how far it read where the limit cut the list.
    /// </summary>
    Task<HorizonReading> ReadHorizonAsync(
        IReadOnlyCollection<ShardId> shards,
        DateTimeOffset until,
        int limit,
        CancellationToken cancellation
    );

    /// <summary>A pending task by its id, or null.</summary>
    Task<TimedTask?> FindAsync(string taskId, CancellationToken cancellation);

    /// <summary>
    /// Which of these ids, at most some hundreds, are of pending tasks, wherever those lie in their shard.
    /// </summary>
    Task<IReadOnlyCollection<string>> PresentAsync(IReadOnlyCollection<string> taskIds, CancellationToken cancellation);

    /// <summary>Pending tasks of an actor, the earliest due first.</summary>
    Task<IReadOnlyList<TimedTask>> FindAllOfActorAsync(ActorId actor, int limit, CancellationToken cancellation);

    /// <summary>
    /// Pending tasks of an actor by id, a page at a time: whatever moves meanwhile, what is pending throughout is in
    /// one of them. A mark that is none throws <see cref="FormatException"/>.
    /// </summary>
    Task<Page<TimedTask>> PageOfActorAsync(ActorId actor, string? after, int limit, CancellationToken cancellation);

    /// <summary>
    /// Pending tasks, the latest due first; behind them those again that have moved since the first page. A page of one
    /// type in all shards looks at a bounded number of rows: it may be shorter than <paramref name="limit"/>, or empty,
    /// and still name the next.
    /// </summary>
    Task<Page<TimedTask>> ListAsync(TaskFilter filter, string? after, int limit, CancellationToken cancellation);

    /// <summary>
    /// How many tasks the shards hold, by type; reads all of their rows, so a few shards at a time. What has none is
    /// left out.
    /// </summary>
    Task<IReadOnlyList<(ShardId Shard, string Type, long Tasks)>> CountAsync(
        IReadOnlyCollection<ShardId> shards,
        CancellationToken cancellation
    );
}
