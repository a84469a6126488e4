using GroupBuyActors.Placement;

namespace GroupBuyActors.Tasks;

/// <summary>Calls the silos that own tasks: only the owner knows whether a task is in memory.</summary>
internal sealed class TaskOwners(ShardMap shardMap, TaskGateways gateways, TimeProvider time)
{
    /// <summary>The owner of a shard's tasks; null while no silo is available.</summary>
    public SiloAddress? Of(ShardId shard) => shardMap.Of(shard);

    /// <summary>Calls an owner; throws <see cref="TimeoutException"/> if it does not answer in time.</summary>
    public Task<T> CallAsync<T>(
        SiloAddress owner,
        Func<ITaskGateway, Task<T>> call,
        TimeSpan within,
        CancellationToken cancellation
    ) => call(gateways.Of(owner)).WaitAsync(within, time, cancellation);
}
