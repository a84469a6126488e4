using GroupBuyActors.Placement;

namespace GroupBuyActors.Tasks;

/// <summary>How many tasks are pending, due and parked on this silo, as metrics tell it.</summary>
internal sealed class TaskGauges(
    TaskMetrics metrics,
    TaskTypeRegistry types,
    PendingTaskCounter counter,
    TaskDispatcher dispatcher,
    LocalTaskScheduler scheduler,
    OwnedShards owned
)
{
    /// <summary>Called once.</summary>
    public void Observe() => metrics.Observe(Counts, scheduler.Parked, () => owned.Count);

    private IEnumerable<(string, long, int)> Counts()
    {
        var (pending, due) = (counter.Pending(), dispatcher.Due().ToDictionary(type => type.Type, type => type.Due));
        return types.Names.Select(type => (type, pending.GetValueOrDefault(type), due.GetValueOrDefault(type)));
    }
}
