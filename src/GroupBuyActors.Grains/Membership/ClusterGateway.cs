using GroupBuyActors.Groups;
using GroupBuyActors.Placement;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime.Services;

namespace GroupBuyActors.Membership;

/// <summary>Answers the calls between silos about the cluster on this silo.</summary>
[Reentrant]
internal sealed class ClusterGateway(
    GrainId id,
    Silo silo,
    ILoggerFactory logs,
    LocalTaskScheduler scheduler,
    OwnedShards owned,
    ActiveGroups groups,
    ClusterReconciler reconciler,
    ActorMover mover,
    ShardMap shardMap
) : GrainService(id, silo, logs), IClusterGateway
{
    public Task<SiloDescription> Describe() =>
        Task.FromResult(
            new SiloDescription(
                groups.Count,
                owned.Count,
                scheduler.Backlog().ToDictionary(shard => shard.Key.Index, shard => shard.Value),
                mover.MisplacedCount,
                owned.ToList().Count(shard => !shardMap.IsHere(shard)),
                shardMap.IsSelfLeaving
            )
        );

    public Task Review()
    {
        reconciler.Review();
        return Task.CompletedTask;
    }

    public Task Leaving(SiloAddress silo)
    {
        shardMap.Leave(silo);
        return Task.CompletedTask;
    }
}

/// <summary>Returns the cluster gateway of a silo.</summary>
internal sealed class ClusterGateways(IServiceProvider services) : GrainServiceClient<IClusterGateway>(services)
{
    public IClusterGateway Of(SiloAddress silo) => GetGrainService(silo);
}
