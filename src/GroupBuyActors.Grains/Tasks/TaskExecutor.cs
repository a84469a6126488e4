using System.Diagnostics;
using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Retries;
using GroupBuyActors.Store.Tasks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>Runs a due task by its handler and makes its end durable.</summary>
/// <remarks>
/// Problem: a process may die between the effect of a task and the note that it is done, two silos may own a shard for
/// a moment, and an operator may cancel a task while it runs. A task's life:
/// <code>
///   table   ── due within the horizon ─────────► wheel ── due ──► queue ── a slot is free ──► running
///   running ── effect committed ───────────────► completed, by its group's commit or by its own
///   running ── failed, next try within horizon ► wheel, and the row is updated
///   running ── failed, next try beyond it ─────► table: the row is moved
///   running ── infrastructure failure ─────────► wheel, not counted; after the third, as its row says
///   running ── tries used up, or too old ──────► ended: dead, or expired
///   else    ── cancelled by an operator ───────► ended: cancelled
///   dead    ── redriven ───────────────────────► table: the same id and key, a later version
///   any     ── its owner is fenced ────────────► table: read by the next owner, and recorded before it runs
/// </code>
/// A first try is not recorded before it begins: most succeed, and the commit of their effect removes the row. A task
/// taken over from a silo that is gone is recorded before it runs: a task that kills its process is recognised by the
/// number of its tries. Guarantees: a handler runs at least once and never before its task is due; whatever ends,
/// updates or moves a task is a commit under its version, of which only the first lands, so that a task has one end.
/// It would break if an end did not check the version.
/// </remarks>
internal sealed class TaskExecutor(
    IEnumerable<ITaskHandler> handlers,
    TaskTypeRegistry types,
    LocalTaskScheduler scheduler,
    ITaskStore store,
    ICommitter committer,
    CronScheduler firings,
    TaskPolicyRegistry policies,
    ClusterClock clock,
    TimeProvider time,
    IdGenerator ids,
    TaskMetrics metrics,
    IOptions<GrainsOptions> options,
    ILogger<TaskExecutor> log
)
{
    private const int ErrorMax = 500,
        FailuresBeforeLookup = 2;
    private static readonly TimeSpan FailureDelayMax = TimeSpan.FromSeconds(5);
    private static readonly Backoff FailureBackoff = new(TimeSpan.FromMilliseconds(50), FailureDelayMax, Jitter: 0.2);
    private static readonly TimeSpan LinkAfter = TimeSpan.FromHours(1);
    private readonly Dictionary<string, ITaskHandler> _handlers = handlers.ToDictionary(handler => handler.Type);

    /// <summary>
    /// One run. It never throws: a task that nothing can be done with is kept aside, and its place is free for the
    /// next.
    /// </summary>
    public async Task RunAsync(ScheduledTask running)
    {
        try
        {
            await RunOnceAsync(running);
        }
        catch (Exception e)
        {
            TaskLog.Parked(log, e, running.Stored.Key.Id, running.Stored.Type);
            scheduler.Park(running);
        }
    }

    private async Task RunOnceAsync(ScheduledTask running)
    {
        var task = running.Stored;
        if (task.Fault is { } fault)
        {
            TaskLog.NotUnderstood(log, task.Key.Id, fault);
            scheduler.Park(running);
            return;
        }

        if (!_handlers.TryGetValue(task.Type, out var handler))
        {
            TaskLog.NoHandler(log, task.Type, task.Key.Id);
            scheduler.Park(running);
            return;
        }

        var (now, began) = (clock.GetUtcNow(), time.GetTimestamp());
        running.BegunAt = now;
        metrics.Started(task.Type, now - running.FiresAt, policies.Of(task.Type).Lateness);
        if (task.Attempts > 0 || running.InfrastructureFailures > 0)
            metrics.Retried(task.Type);
        using var activity = Continue(task, now);
        string outcome;
        try
        {
            outcome = await RunAsync(running, handler, now);
        }
        catch (Exception e)
        {
            activity?.SetStatus(ActivityStatusCode.Error, e.Message);
            outcome = "trouble";
            if (running.InfrastructureFailures < FailuresBeforeLookup || !await IsOvertakenAsync(running))
                InfrastructureFailure(running, e);
        }

        metrics.Ended(task.Type, outcome, time.GetElapsedTime(began));
    }

    private async Task<string> RunAsync(ScheduledTask running, ITaskHandler handler, DateTimeOffset now)
    {
        var policy = policies.Of(running.Stored.Type);
        var failures = running.Stored.Attempts;
        if (policy.Retry.TimeToLive is { } live && running.Stored.AgeAt(now) >= live)
            return await EndAsync(
                running,
                TaskOutcomeStatus.Expired,
                failures,
                running.Stored.LastError ?? "The time to live expired before the task could run."
            );
        if (running.IsRecovered)
        {
            if (!await RecordBeforeAsync(running, policy, now))
                return "lost";
            running.IsRecovered = false;
        }

        var bound = policy.TryTimeout > options.Value.RunTimeout ? policy.TryTimeout : options.Value.RunTimeout;
        using var cancellation = new CancellationTokenSource(bound, time);
        var due = new DueTask(running.Stored, policy, failures, now, ids.NextShare()) { MayRepeat = running.MayRepeat };
        running.WasBegun = true;
        var result = await handler.RunAsync(due, cancellation.Token).WaitAsync(cancellation.Token);
        running.InfrastructureFailures = 0;
        return await ConcludeAsync(running, result, failures, now);
    }

    private async Task<string> ConcludeAsync(
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
                // An actor's journal tells of its tasks; of a task of no actor nothing else would.
                var tells =
                    running.Stored.Actor is null
                    && !finished.Ends.Any(ending => ending.TaskId == running.Stored.Key.Id);
                IEnumerable<TaskOutcome> own = tells
                    ? [TaskOutcome.Of(running.Stored, TaskOutcomeStatus.Success, clock.GetUtcNow(), null)]
                    : [];
                await RemoveAsync(running, finished.Schedules, [.. own, .. finished.Ends]);
                return "success";
            case HandlerResult.RunAgain again:
                // From when the run began: a clock that moved on meanwhile must not put it off by as much. Early it is
                // told so again.
                scheduler.Again(running, began + again.Delay);
                return "early";
            case HandlerResult.Failed failed:
                return await FailedAsync(running, failed, failures + 1);
            default:
                throw new InvalidOperationException($"A handler gave {result}.");
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

    /// <summary>The task ends without its effect: a row that operators find, and can redrive.</summary>
    private async Task<string> EndAsync(ScheduledTask running, TaskOutcomeStatus status, int attempts, string? error)
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
            if (!await CommitAsync(task, updates: [next]))
                return;
            running.Stored = next;
            scheduler.Again(running, nextAt);
            return;
        }

        await CommitAsync(
            task,
            removals: [task.Row],
            schedules: [task.MovedTo(nextAt) with { Attempts = attempts, LastError = error }]
        );
        scheduler.Done(running);

        async Task<bool> CommitAsync(
            TimedTask ran,
            TimedTask[]? updates = null,
            TaskKey[]? removals = null,
            TimedTask[]? schedules = null
        )
        {
            if (await this.CommitAsync(ran, removals ?? [], schedules ?? [], updates ?? []))
                return true;
            scheduler.Done(running);
            return false;
        }
    }

    /// <summary>False where somebody else ran this version: it is theirs.</summary>
    private async Task<bool> RecordBeforeAsync(ScheduledTask running, TaskPolicy policy, DateTimeOffset now)
    {
        var task = running.Stored;
        // Whoever takes it over after a crash of this run waits as long as after any failed try.
        var wait = policy.Retry.After(task.Attempts + 1, task.AgeAt(now), ids.NextShare()).Delay;
        if (wait > options.Value.Horizon)
            wait = options.Value.Horizon;
        var recorded = task with
        {
            Attempts = task.Attempts + 1,
            Version = task.Version + 1,
            NextAt = DateTimeOffset.FromUnixTimeMilliseconds((now + wait).ToUnixTimeMilliseconds()),
        };
        if (await CommitAsync(task, [], [], [recorded]))
        {
            running.Stored = recorded;
            return true;
        }

        scheduler.Done(running);
        return false;
    }

    /// <summary>False where somebody else ran this version.</summary>
    private async Task<bool> RemoveAsync(
        ScheduledTask running,
        IReadOnlyList<TimedTask> schedules,
        IReadOnlyList<TaskOutcome> ends
    )
    {
        var committed = await CommitAsync(running.Stored, [running.Stored.Row], schedules, [], ends);
        scheduler.Done(running);
        return committed;
    }

    /// <summary>
    /// A commit of the task alone, once per version. False where this version was run already. Throws where the store
    /// cannot take it.
    /// </summary>
    private async Task<bool> CommitAsync(
        TimedTask ran,
        IReadOnlyList<TaskKey> removals,
        IReadOnlyList<TimedTask> schedules,
        IReadOnlyList<TimedTask> updates,
        IReadOnlyList<TaskOutcome>? ends = null
    )
    {
        var slot =
            committer.TryReserve(ran.Key.Shard)
            ?? throw new StoreUnavailableException(
                "The database accepts no more changes at the moment. Try again later."
            );
        var result = await committer.CommitAsync(
            slot,
            new Commit
            {
                Id = ids.NextCommitId(),
                Shard = ran.Key.Shard,
                Token = new ActivationToken(),
                Removals = removals,
                Schedules = schedules,
                Updates = updates,
                Ends = ends ?? [],
                Run = new TaskRun(ran.Key, ran.Version),
            }
        );
        return result.Status switch
        {
            CommitStatus.Committed => true,
            CommitStatus.Stale => false,
            _ => throw new StoreUnavailableException("The task's outcome could not be stored."),
        };
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
            using var bound = new CancellationTokenSource(FailureDelayMax, time);
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

    private void InfrastructureFailure(ScheduledTask running, Exception e)
    {
        var wait = FailureBackoff.After(++running.InfrastructureFailures, ids.NextShare());
        TaskLog.InfrastructureFailure(log, e, running.Stored.Key.Id, running.Stored.Type, wait.TotalMilliseconds);
        scheduler.Again(running, clock.GetUtcNow() + wait);
    }

    /// <summary>
    /// The trace of what caused the task goes on; where it is old, the run begins its own and links to it.
    /// </summary>
    private Activity? Continue(TimedTask task, DateTimeOffset now)
    {
        if (!Tracing.Source.HasListeners())
            return null;
        ActivityContext.TryParse(task.Trace, null, isRemote: true, out var cause);
        // What caused a late task is as old as the task is late, at least.
        var isOld = cause == default || types.Find(task.Type) is { BeginsTrace: true } || task.AgeAt(now) > LinkAfter;
        var activity = isOld
            ? Tracing.Source.StartActivity(
                task.Type,
                ActivityKind.Consumer,
                default(ActivityContext),
                links: cause == default ? null : [new ActivityLink(cause)]
            )
            : Tracing.Source.StartActivity(task.Type, ActivityKind.Consumer, cause);
        activity?.SetTag("task_id", task.Key.Id);
        if (task.Actor?.Group is { } group)
            activity?.SetTag("group_id", group.Value);
        return activity;
    }
}
