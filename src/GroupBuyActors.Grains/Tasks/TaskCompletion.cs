using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Makes the end of a task's run durable: the task is removed, tried again later, or ended without its effect. Each is
/// a commit under the version that was run; if another silo has committed under that version, the task belongs to it.
/// </summary>
internal sealed class TaskCompletion(
    TaskCommitter committer,
    LocalTaskScheduler scheduler,
    CronScheduler firings,
    ClusterClock clock,
    TaskMetrics metrics,
    IOptions<GrainsOptions> options,
    ILogger<TaskCompletion> log
)
{
    private const int ErrorMax = 500;

    /// <summary>Makes a handler's result durable; returns the outcome under its name in metrics.</summary>
    public async Task<string> ConcludeAsync(
        ScheduledTask running,
        HandlerResult result,
        int failures,
        DateTimeOffset began
    )
    {
        switch (result)
        {
            case HandlerResult.Completed:
                scheduler.Done(running);
                return "success";
            case HandlerResult.Finished finished:
                // An actor's journal records its completed tasks; a task without an actor needs an outcome.
                var tells =
                    running.Stored.Actor is null
                    && !finished.Outcomes.Any(ending => ending.TaskId == running.Stored.Key.Id);
                IEnumerable<TaskOutcome> own = tells
                    ? [TaskOutcome.Of(running.Stored, TaskOutcomeStatus.Success, clock.GetUtcNow(), null)]
                    : [];
                await RemoveAsync(running, finished.Schedules, [.. own, .. finished.Outcomes]);
                return "success";
            case HandlerResult.RunAgain again:
                // Measured from the beginning of the run, so that the duration of the run does not delay it. If that is
                // early, the actor refuses it once more.
                scheduler.Again(running, began + again.Delay);
                return "early";
            case HandlerResult.Failed failed:
                return await FailedAsync(running, failed, failures + 1);
            default:
                throw new InvalidOperationException($"The handler returned an unknown result: {result}.");
        }
    }

    private async Task<string> FailedAsync(ScheduledTask running, HandlerResult.Failed failed, int failures)
    {
        var (task, step) = (running.Stored, failed.Step);
        var error = failed.Error is { Length: > ErrorMax } words ? words[..ErrorMax] : failed.Error;
        if (step.Decision is RetryDecision.Dead or RetryDecision.Expired)
        {
            TaskLog.GivenUp(log, task.Key.Id, task.Type, failures, step.Decision, error);
            return await EndAsync(
                running,
                step.Decision == RetryDecision.Dead ? TaskOutcomeStatus.Dead : TaskOutcomeStatus.Expired,
                failures,
                error
            );
        }

        if (step.Alert)
            TaskLog.Alert(log, task.Key.Id, task.Type, failures, error);
        TaskLog.Failed(log, task.Key.Id, task.Type, failures, step.Delay.TotalMilliseconds, error);
        await RetryAsync(running, failures, step.Delay, error);
        return "failed";
    }

    /// <summary>Ends a task without its effect and records the outcome, which operators can find and redrive.</summary>
    public async Task<string> EndAsync(ScheduledTask running, TaskOutcomeStatus status, int attempts, string? error)
    {
        var task = running.Stored;
        var now = clock.GetUtcNow();
        var ended = await RemoveAsync(
            running,
            firings.Following(task, now),
            [TaskOutcome.Of(task with { Attempts = attempts }, status, now, error)]
        );
        if (ended && status == TaskOutcomeStatus.Dead)
            metrics.Dead(task.Type);
        return status == TaskOutcomeStatus.Dead ? "dead" : "expired";
    }

    private async Task RetryAsync(ScheduledTask running, int attempts, TimeSpan delay, string? error)
    {
        var (task, now) = (running.Stored, clock.GetUtcNow());
        var nextAt = DateTimeOffset.FromUnixTimeMilliseconds((now + delay).ToUnixTimeMilliseconds());
        if (nextAt < task.Key.Due)
            nextAt = task.Key.Due;
        if (delay <= options.Value.Horizon)
        {
            var next = task with
            {
                Attempts = attempts,
                NextAt = nextAt,
                Version = task.Version + 1,
                LastError = error,
            };
            if (await CommitAsync(running, new TaskChanges { Updates = [next] }))
            {
                running.Stored = next;
                scheduler.Again(running, nextAt);
            }

            return;
        }

        var moved = task.MovedTo(nextAt) with { Attempts = attempts, LastError = error };
        if (await CommitAsync(running, new TaskChanges { Removals = [task.Row], Schedules = [moved] }))
            scheduler.Done(running);
    }

    /// <summary>
    /// Records a try of a recovered task before it runs. False if another silo has committed under this version: then
    /// the task belongs to it.
    /// </summary>
    public async Task<bool> RecordBeforeAsync(
        ScheduledTask running,
        TaskPolicy policy,
        DateTimeOffset now,
        double share
    )
    {
        var task = running.Stored;
        // After a crash of this run, the silo that recovers the task waits as long as after any failed try.
        var wait = policy.Retry.After(task.Attempts + 1, task.AgeAt(now), share).Delay;
        if (wait > options.Value.Horizon)
            wait = options.Value.Horizon;
        var recorded = task with
        {
            Attempts = task.Attempts + 1,
            Version = task.Version + 1,
            NextAt = DateTimeOffset.FromUnixTimeMilliseconds((now + wait).ToUnixTimeMilliseconds()),
        };
        if (!await CommitAsync(running, new TaskChanges { Updates = [recorded] }))
            return false;
        running.Stored = recorded;
        return true;
    }

    /// <summary>False if another silo has committed under this version.</summary>
    private async Task<bool> RemoveAsync(
        ScheduledTask running,
        IReadOnlyList<TimedTask> schedules,
        IReadOnlyList<TaskOutcome> outcomes
    )
    {
        var changes = new TaskChanges
        {
            Removals = [running.Stored.Row],
            Schedules = schedules,
            Outcomes = outcomes,
        };
        if (!await CommitAsync(running, changes))
            return false;
        scheduler.Done(running);
        return true;
    }

    /// <summary>False if another silo has committed under this version: then the task is dropped here.</summary>
    private async Task<bool> CommitAsync(ScheduledTask running, TaskChanges changes)
    {
        if (await committer.CommitAsync(new TaskRun(running.Stored.Key, running.Stored.Version), changes))
            return true;
        scheduler.Done(running);
        return false;
    }
}
