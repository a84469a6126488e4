using GroupBuyActors.Background;
using GroupBuyActors.Placement;
using GroupBuyActors.Schedules;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Waits for schedules that are added or replaced while the silo runs, and has their first firings stored in the shards
/// that it owns; a shard that is taken later gets those in force then.
/// </summary>
internal sealed class ScheduleFollower(
    ScheduleRegistry registry,
    CronScheduler scheduler,
    OwnedShards owned,
    HorizonReader reader
) : StreamingService
{
    private ScheduleSet _followed = registry.Current;

    public override string Name => "task-schedules";

    /// <summary>One change, or several together; gives how many schedules are others than before.</summary>
    public override async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        var current = await registry.WaitForChangeAsync(_followed.Version, cancellation);
        List<Schedule> changed = [.. current.ChangedSince(_followed)];
        scheduler.Want(changed, owned.ToList());
        _followed = current;
        reader.RunSoon();
        return changed.Count;
    }
}
