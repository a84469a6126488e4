using GroupBuyActors.Hosting;
using GroupBuyActors.Retries;
using GroupBuyActors.Store.Tasks;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Handles runs that did not end with a result: after an infrastructure failure no try is counted and the task runs
/// again soon; a task that cannot be run is parked, and its slot is free for the next.
/// </summary>
internal sealed class TaskFailures(
    ITaskStore store,
    LocalTaskScheduler scheduler,
    ClusterClock clock,
    IdGenerator ids,
    ILogger<TaskFailures> log
)
{
    private const int FailuresBeforeLookup = 2;
    private static readonly TimeSpan DelayMax = TimeSpan.FromSeconds(5);
    private static readonly Backoff FailureBackoff = new(TimeSpan.FromMilliseconds(50), DelayMax, Jitter: 0.2);

    /// <summary>
    /// Handles a run that threw: the task runs again after a delay, unless it was ended or changed meanwhile.
    /// </summary>
    public async Task HandleAsync(ScheduledTask running, Exception e)
    {
        if (running.InfrastructureFailures >= FailuresBeforeLookup && await IsOvertakenAsync(running))
            return;
        var wait = FailureBackoff.After(++running.InfrastructureFailures, ids.NextShare());
        TaskLog.InfrastructureFailure(log, e, running.Stored.Key.Id, running.Stored.Type, wait.TotalMilliseconds);
        scheduler.Again(running, clock.GetUtcNow() + wait);
    }

    /// <summary>Parks a task because handling its failure has failed, too.</summary>
    public void Park(ScheduledTask running, Exception e)
    {
        TaskLog.Parked(log, e, running.Stored.Key.Id, running.Stored.Type);
        scheduler.Park(running);
    }

    /// <summary>Parks a task whose row is invalid.</summary>
    public void ParkFaulty(ScheduledTask running, string fault)
    {
        TaskLog.RowInvalid(log, running.Stored.Key.Id, fault);
        scheduler.Park(running);
    }

    /// <summary>Parks a task of a type that this release does not run.</summary>
    public void ParkWithoutHandler(ScheduledTask running)
    {
        TaskLog.NoHandler(log, running.Stored.Type, running.Stored.Key.Id);
        scheduler.Park(running);
    }

    /// <summary>
    /// Compares a task that fails repeatedly with its row. Its end may have been committed although the answer was
    /// lost, or it was moved meanwhile; then its commits are refused for ever, so memory is updated to the row.
    /// </summary>
    private async Task<bool> IsOvertakenAsync(ScheduledTask running)
    {
        var task = running.Stored;
        try
        {
            // The task still occupies its slot, so the wait for a store that does not answer is bounded.
            using var bound = new CancellationTokenSource(DelayMax, clock);
            var row = await store.FindAsync(task.Key.Id, bound.Token).WaitAsync(bound.Token);
            if (row is not null && row.Version == task.Version)
                return false;
            scheduler.Done(running);
            if (row is not null)
                scheduler.Add(row, mayHaveBegun: true);
            TaskLog.Overtaken(log, task.Key.Id, task.Type, row is null ? "ended" : "was changed");
            return true;
        }
        catch (Exception e)
        {
            // If the store does not answer, this is an infrastructure failure like any other.
            TaskLog.NotLookedUp(log, e, task.Key.Id);
            return false;
        }
    }
}
