using GroupBuyActors.Background;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Store.Slots;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Membership;

/// <summary>
/// Of several databases, gives up the shards of one that has gone away, so that no reading of tasks waits for it and
/// none of its tasks is tried in vain. The reconciler takes them again when the database is back.
/// </summary>
internal sealed class SlotWatch(
    SlotStores stores,
    ISiloGate gate,
    OwnedShards owned,
    ShardTasks tasks,
    ClusterReconciler reconciler
) : PeriodicService<int>
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private readonly HashSet<SlotStore> _away = [];

    public override string Name => "slot-watch";

    /// <summary>Returns how many databases went away or are back since the last run.</summary>
    public override Task<int> RunOnceAsync(CancellationToken cancellation) =>
        Task.FromResult(stores.Single is null ? stores.All.Count(HasChanged) : 0);

    protected override TimeSpan PauseAfter(int result) => stores.Single is null ? Interval : Timeout.InfiniteTimeSpan;

    private bool HasChanged(SlotStore store)
    {
        var isAway = gate.RefusalReasonFor(new ShardId(store.Range.First * ShardId.RegionSlots)) is not null;
        if (!(isAway ? _away.Add(store) : _away.Remove(store)))
            return false;
        if (isAway)
            tasks.GiveUp(owned.ToList().Where(store.Range.Contains));
        reconciler.Review();
        return true;
    }
}
