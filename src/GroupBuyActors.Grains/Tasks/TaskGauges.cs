using GroupBuyActors.Placement;

namespace GroupBuyActors.Tasks;

/// <summary>The metrics of pending, due and parked tasks on this silo.</summary>
internal sealed class TaskGauges(
    TaskMetrics metrics,
    TaskTypeRegistry types,
    PendingTaskCounter counter,
    TaskDispatcher dispatcher,
    LocalTaskScheduler scheduler,
    OwnedShards owned
)
{
    /// <summary>Registers the metrics; called once.</summary>
    public void Observe() => metrics.Observe(Counts, scheduler.Parked, () => owned.Count);

    private IEnumerable<(string, long, int)> Counts()
    {
        var (pending, due) = (counter.Pending(), dispatcher.Due().ToDictionary(type => type.Type, type => type.Due));
        return types.Names.Select(type => (type, pending.GetValueOrDefault(type), due.GetValueOrDefault(type)));
    }
}
