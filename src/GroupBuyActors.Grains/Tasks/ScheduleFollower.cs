using GroupBuyActors.Background;
using GroupBuyActors.Placement;
using GroupBuyActors.Schedules;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Waits for schedules that are added or replaced while the silo runs, and requests their first firings in the shards
/// that it owns. A shard that is taken later gets the firings of the schedules in force then.
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

    /// <summary>Handles one change, or several together; returns the number of new or changed schedules.</summary>
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
