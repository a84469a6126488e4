using GroupBuyActors.Placement;

namespace GroupBuyActors.Tasks;

/// <summary>The way to the silos that own tasks: only there it is known what of a task is in memory.</summary>
internal sealed class TaskOwners(ShardMap shardMap, TaskGateways gateways, TimeProvider time)
{
    /// <summary>The owner of a shard's tasks; null while no silo is known that could be one.</summary>
    public SiloAddress? Of(ShardId shard) => shardMap.Of(shard);

    /// <summary>Calls an owner; throws where it does not answer in time.</summary>
    public Task<T> CallAsync<T>(
        SiloAddress owner,
        Func<ITaskGateway, Task<T>> call,
        TimeSpan within,
        CancellationToken cancellation
    ) => call(gateways.Of(owner)).WaitAsync(within, time, cancellation);
}
