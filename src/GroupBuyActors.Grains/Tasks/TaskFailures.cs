using GroupBuyActors.Hosting;
using GroupBuyActors.Retries;
using GroupBuyActors.Store.Tasks;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Tasks;

/// <summary>
/// What follows where a task was not run to an end: trouble of ours is no try and the task runs again soon; what nobody
/// can run is kept aside, and its slot is free for the next.
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

    /// <summary>A run threw: the task runs again after a delay, unless it was ended or changed meanwhile.</summary>
    public async Task HandleAsync(ScheduledTask running, Exception e)
    {
        if (running.InfrastructureFailures >= FailuresBeforeLookup && await IsOvertakenAsync(running))
            return;
        var wait = FailureBackoff.After(++running.InfrastructureFailures, ids.NextShare());
        TaskLog.InfrastructureFailure(log, e, running.Stored.Key.Id, running.Stored.Type, wait.TotalMilliseconds);
        scheduler.Again(running, clock.GetUtcNow() + wait);
    }

    /// <summary>Not even what follows a failure could be done.</summary>
    public void Park(ScheduledTask running, Exception e)
    {
        TaskLog.Parked(log, e, running.Stored.Key.Id, running.Stored.Type);
        scheduler.Park(running);
    }

    /// <summary>A row that cannot be understood.</summary>
    public void ParkFaulty(ScheduledTask running, string fault)
    {
        TaskLog.NotUnderstood(log, running.Stored.Key.Id, fault);
        scheduler.Park(running);
    }

    /// <summary>A task of a type that this release does not run.</summary>
    public void ParkWithoutHandler(ScheduledTask running)
    {
        TaskLog.NoHandler(log, running.Stored.Type, running.Stored.Key.Id);
        scheduler.Park(running);
    }

    /// <summary>
    /// Looks whether a task that meets trouble again and again is still as memory has it: its end may have been
    /// committed and the answer lost, or it was moved meanwhile. Then its commits are refused for ever, and what memory
    /// has is put right.
    /// </summary>
    private async Task<bool> IsOvertakenAsync(ScheduledTask running)
    {
        var task = running.Stored;
        try
        {
            // It still holds its place among the running ones: a store that hangs must not keep it there.
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
            // The store does not answer: then it is an infrastructure failure like any other.
            TaskLog.NotLookedUp(log, e, task.Key.Id);
            return false;
        }
    }
}
