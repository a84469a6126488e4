using GroupBuyActors.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>Which tasks to list; null: any.</summary>
internal sealed record TaskFilter(string? Type = null, ShardId? Shard = null, ActorId? Actor = null);

/// <summary>The result of reading the horizon.</summary>
internal readonly record struct HorizonReading
{
    /// <summary>The tasks, in no order.</summary>
    public required IReadOnlyList<TimedTask> Tasks { get; init; }

    /// <summary>Null if nothing was left out; otherwise no task that was left out is due before this.</summary>
    public DateTimeOffset? ReadTo { get; init; }

    /// <summary>True if nothing was left out.</summary>
    public bool Complete => ReadTo is null;

    public void Deconstruct(out IReadOnlyList<TimedTask> tasks, out bool complete) =>
        (tasks, complete) = (Tasks, Complete);
}

/// <summary>Reads pending tasks. They are written by commits only.</summary>
internal interface ITaskStore
{
    /// <summary>
    /// Tasks of the shards whose next try is before <paramref name="until"/>, at most <paramref name="limit"/> (the
    /// earliest due of each shard first), and how far it read if the limit was reached.
    /// </summary>
    Task<HorizonReading> ReadHorizonAsync(
        IReadOnlyCollection<ShardId> shards,
        DateTimeOffset until,
        int limit,
        CancellationToken cancellation
    );

    /// <summary>A pending task by its id, or null.</summary>
    Task<TimedTask?> FindAsync(string taskId, CancellationToken cancellation);

    /// <summary>Which of these ids (at most a few hundred) belong to pending tasks, whatever their due time.</summary>
    Task<IReadOnlyCollection<string>> PresentAsync(IReadOnlyCollection<string> taskIds, CancellationToken cancellation);

    /// <summary>Pending tasks of an actor, the earliest due first.</summary>
    Task<IReadOnlyList<TimedTask>> FindAllOfActorAsync(ActorId actor, int limit, CancellationToken cancellation);

    /// <summary>
    /// Pending tasks of an actor by id, a page at a time. A task that is pending from the first page to the last is in
    /// one of them, even if it is moved meanwhile. An invalid page token throws <see cref="FormatException"/>.
    /// </summary>
    Task<Page<TimedTask>> PageOfActorAsync(ActorId actor, string? after, int limit, CancellationToken cancellation);

    /// <summary>
    /// Pending tasks, the latest due first; after them, once more, those that were moved since the first page. A page
    /// of one type in all shards reads a bounded number of rows: it may be shorter than <paramref name="limit"/>, or
    /// empty, and still have a next page.
    /// </summary>
    Task<Page<TimedTask>> ListAsync(TaskFilter filter, string? after, int limit, CancellationToken cancellation);

    /// <summary>
    /// The number of tasks of each shard and type, without zeros. Reads all rows of the shards, so pass few of them.
    /// </summary>
    Task<IReadOnlyList<(ShardId Shard, string Type, long Tasks)>> CountAsync(
        IReadOnlyCollection<ShardId> shards,
        CancellationToken cancellation
    );
}
