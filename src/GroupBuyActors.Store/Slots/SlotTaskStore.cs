using GroupBuyActors.Reading;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Slots;

/// <summary>The pending tasks of several databases; a task is in that of its shard.</summary>
internal sealed class SlotTaskStore(SlotStores stores) : ITaskStore
{
    private readonly MergedTaskList _list = new(stores);

    /// <summary>
    /// Of each database as large a part of the limit as it has of the shards, so that none waits for another's backlog.
    /// </summary>
    public async Task<HorizonReading> ReadHorizonAsync(
        IReadOnlyCollection<ShardId> shards,
        DateTimeOffset until,
        int limit,
        CancellationToken cancellation
    )
    {
        using var bound = stores.AnswerLimit();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, bound.Token);
        var readings = await Task.WhenAll(
                shards
                    .GroupBy(stores.Of)
                    .Select(store =>
                        store.Key.Tasks.ReadHorizonAsync(
                            [.. store],
                            until,
                            Math.Max(1, (int)((long)limit * store.Count() / shards.Count)),
                            either.Token
                        )
                    )
            )
            .ConfigureAwait(false);
        return new HorizonReading
        {
            Tasks = [.. readings.SelectMany(reading => reading.Tasks)],
            ReadTo =
                readings.Min(reading => reading.ReadTo ?? DateTimeOffset.MaxValue) is var readTo
                && readTo < DateTimeOffset.MaxValue
                    ? readTo
                    : null,
        };
    }

    public Task<TimedTask?> FindAsync(string taskId, CancellationToken cancellation) =>
        TaskIds.TryGetShard(taskId, out var shard)
            ? stores.Of(shard).Tasks.FindAsync(taskId, cancellation)
            : Task.FromResult<TimedTask?>(null);

    public async Task<IReadOnlyCollection<string>> PresentAsync(
        IReadOnlyCollection<string> taskIds,
        CancellationToken cancellation
    )
    {
        var present = await Task.WhenAll(
                taskIds
                    .Where(id => TaskIds.TryGetShard(id, out _))
                    .GroupBy(id => TaskIds.TryGetShard(id, out var shard) ? stores.Of(shard) : stores.First)
                    .Select(store => store.Key.Tasks.PresentAsync([.. store], cancellation))
            )
            .ConfigureAwait(false);
        return [.. present.SelectMany(some => some)];
    }

    public Task<IReadOnlyList<TimedTask>> FindAllOfActorAsync(
        ActorId actor,
        int limit,
        CancellationToken cancellation
    ) => stores.Of(actor).Tasks.FindAllOfActorAsync(actor, limit, cancellation);

    public Task<Page<TimedTask>> PageOfActorAsync(
        ActorId actor,
        string? after,
        int limit,
        CancellationToken cancellation
    ) => stores.Of(actor).Tasks.PageOfActorAsync(actor, after, limit, cancellation);

    public Task<Page<TimedTask>> ListAsync(
        TaskFilter filter,
        string? after,
        int limit,
        CancellationToken cancellation
    ) =>
        (filter.Actor?.Shard ?? filter.Shard) is { } shard
            ? stores.Of(shard).Tasks.ListAsync(filter, after, limit, cancellation)
            : _list.PageAsync(filter, after, limit, cancellation);

    public async Task<IReadOnlyList<(ShardId Shard, string Type, long Tasks)>> CountAsync(
        IReadOnlyCollection<ShardId> shards,
        CancellationToken cancellation
    )
    {
        var counts = await Task.WhenAll(
                shards.GroupBy(stores.Of).Select(store => store.Key.Tasks.CountAsync([.. store], cancellation))
            )
            .ConfigureAwait(false);
        return [.. counts.SelectMany(some => some)];
    }
}
