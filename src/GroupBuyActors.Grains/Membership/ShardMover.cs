using GroupBuyActors.Committing;
using GroupBuyActors.Placement;
using GroupBuyActors.Store.Placement;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Membership;

/// <summary>
/// Moves shards to their homes: this silo takes shards whose home it is and that have no owner, or one that has left,
/// and releases shards with another home to that silo by name. If it misses a shard, it asks the shard's owner to
/// review.
/// </summary>
internal sealed class ShardMover(
    ILocalSiloDetails self,
    ShardMap shardMap,
    IShards shards,
    ShardHandover handover,
    ShardTasks tasks,
    OwnedShards ownedHere,
    ILogger<ShardMover> log
)
{
    private readonly SiloIdentity _self = self.Identity();

    /// <summary>True if this silo owns as many shards as it is the home of.</summary>
    public bool HasExpected => ownedHere.Count == shardMap.Here().Count();

    /// <summary>Takes and releases shards; throws if the store fails.</summary>
    public async Task<(int Taken, int Released)> MoveAsync(
        ClusterMembershipSnapshot snapshot,
        CancellationToken cancellation
    )
    {
        var plan = new ShardPlan(await shards.ReadAsync(cancellation), snapshot, shardMap, _self.Address);
        tasks.GiveUp(ownedHere.ToList().Where(shard => !plan.Owned.ContainsKey(shard)));
        tasks.GiveUp(plan.Away);
        handover.Notify(await handover.ReleaseAsync(plan.Away, cancellation));
        if (plan.Missing.Count > 0)
            plan.Took(await shards.TakeAsync(_self, plan.Missing, plan.Gone, cancellation), _self.Address);
        handover.Notify(plan.OwnersOfMissing);
        return (TakeTasks(plan), plan.Away.Count);
    }

    /// <summary>
    /// Releases the shards owned here, or those whose next home is one of <paramref name="to"/>; returns their new
    /// owners.
    /// </summary>
    public async Task<IReadOnlyList<SiloAddress>> ReleaseAllAsync(
        CancellationToken cancellation,
        IReadOnlySet<SiloAddress>? to = null
    )
    {
        var owned = ownedHere.ToList();
        if (to is not null)
            owned.RemoveAll(shard => shardMap.Of(shard) is not { } home || !to.Contains(home));
        if (owned.Count == 0)
            return [];
        tasks.GiveUp(owned);
        return await handover.ReleaseAsync(owned, cancellation);
    }

    /// <inheritdoc cref="ShardHandover.NotifyAsync"/>
    public Task NotifyAsync(IEnumerable<SiloAddress> silos) => handover.NotifyAsync(silos);

    private int TakeTasks(ShardPlan plan)
    {
        var fresh = plan.OwnedAtHome.Where(own => ownedHere.EpochOf(own.Shard) != own.Epoch).ToList();
        if (fresh.Count == 0)
            return 0;
        tasks.Take(fresh);
        MembershipLog.ShardsTaken(log, fresh.Count, ownedHere.Count);
        return fresh.Count;
    }
}
