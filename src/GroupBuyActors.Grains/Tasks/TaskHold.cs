using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Retries;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Keeps due tasks from running while the store accepts nothing from this silo. A run would ask its port, and could not
/// store the answer. Held tasks are late when the store is back, so they run in the slots of recovered tasks and do not
/// delay those that are due then.
/// </summary>
internal sealed class TaskHold(
    ICommitter committer,
    ISiloGate gate,
    LocalTaskScheduler scheduler,
    ClusterClock clock,
    IdGenerator ids
)
{
    /// <summary>The longest wait is how late a held task begins after the store is back.</summary>
    private static readonly Backoff s_wait = new(
        TimeSpan.FromMilliseconds(100),
        TimeSpan.FromMilliseconds(800),
        Jitter: 0.2
    );

    /// <summary>True if the task was not run, and fires again soon.</summary>
    public bool TryHold(ScheduledTask task)
    {
        // The canary stores nothing: it shows that tasks fire, also while the store is gone.
        if (task.Stored.Type == TaskCanary.TypeName || Accepts(task.Stored.Key.Shard))
        {
            task.Holds = 0;
            return false;
        }

        scheduler.Again(task, clock.GetUtcNow() + s_wait.After(++task.Holds, ids.NextShare()));
        return true;
    }

    private bool Accepts(ShardId shard)
    {
        if (gate.RefusalReasonFor(shard) is not null)
            return false;
        using var reservation = committer.TryReserve(shard);
        return reservation is not null;
    }
}
