using System.Diagnostics;
using GroupBuyActors.Hosting;
using GroupBuyActors.Membership;
using GroupBuyActors.Store.Committing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Runs a due task by its handler and makes its end durable.
/// <para>
/// A first try is not recorded before it begins: most succeed, and the commit of their effect removes the row. What a failed try leaves
/// is an update of the row with the next try; a wait beyond the horizon moves the row instead, so that retries hours away do not fill
/// the horizon. A task taken over from a silo that is gone is recorded before it runs: one that kills its process is found out by the
/// number of its tries.
/// </para>
/// </summary>
internal sealed class TaskRunner(
    IEnumerable<ITaskHandler> handlers, NearTasks near, ICommitter committer, ClusterClock clock, TimeProvider time, Chance chance,
    TaskMetrics metrics, IOptions<GrainsOptions> options, ILogger<TaskRunner> log)
{
    private const int ErrorMax = 500;
    private static readonly TimeSpan TroubleMax = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LinkAfter = TimeSpan.FromHours(1);
    private readonly Dictionary<string, ITaskHandler> _handlers = handlers.ToDictionary(handler => handler.Type);

    public async Task RunAsync(NearTask near1)
    {
        var task = near1.Stored;
        if (!_handlers.TryGetValue(task.Type, out var handler))
        {
            TaskLog.NoHandler(log, task.Type, task.Key.Id);
            near.Done(near1);
            return;
        }

        var (now, began) = (clock.GetUtcNow(), time.GetTimestamp());
        metrics.Started(task.Type, now - task.NextAt);
        if (task.Attempts > 0 || near1.Troubles > 0) metrics.Retried(task.Type);
        using var activity = Continue(task, now);
        string outcome;
        try
        {
            outcome = await RunAsync(near1, handler, now);
        }
        catch (Exception e)
        {
            activity?.SetStatus(ActivityStatusCode.Error, e.Message);
            outcome = "trouble";
            Trouble(near1, e);
        }

        metrics.Ended(task.Type, outcome, time.GetElapsedTime(began));
    }

    private async Task<string> RunAsync(NearTask near1, ITaskHandler handler, DateTimeOffset now)
    {
        var policy = TaskPolicies.Of(near1.Stored.Type);
        var failures = near1.Stored.Attempts;
        if (near1.IsOverdue)
        {
            if (!await RecordBeforeAsync(near1, policy, now)) return "lost";
            near1.IsOverdue = false;
        }

        var bound = policy.TryTimeout > options.Value.RunTimeout ? policy.TryTimeout : options.Value.RunTimeout;
        using var cancellation = new CancellationTokenSource(bound, time);
        var verdict = await handler.RunAsync(new DueTask(near1.Stored, policy, failures, now, chance.NextShare()), cancellation.Token)
            .WaitAsync(cancellation.Token);
        near1.Troubles = 0;
        return await ConcludeAsync(near1, verdict, failures);
    }

    private async Task<string> ConcludeAsync(NearTask near1, TaskVerdict verdict, int failures)
    {
        switch (verdict.End)
        {
            case TaskEnd.Completed:
                near.Done(near1);
                return "success";
            case TaskEnd.Finished:
                await RemoveAsync(near1, verdict.Schedules ?? []);
                return "success";
            case TaskEnd.RunAgain:
                near.Again(near1, clock.GetUtcNow() + verdict.Step.Delay);
                return "early";
            default:
                return await FailedAsync(near1, verdict, failures + 1);
        }
    }

    private async Task<string> FailedAsync(NearTask near1, TaskVerdict verdict, int failures)
    {
        var (task, step) = (near1.Stored, verdict.Step);
        var error = verdict.Error is { Length: > ErrorMax } words ? words[..ErrorMax] : verdict.Error;
        if (step.Alert) TaskLog.Alert(log, task.Key.Id, task.Type, failures, error);
        if (step.Verdict is RetryVerdict.Dead or RetryVerdict.Expired && !KeepsMoney(task))
        {
            TaskLog.GivenUp(log, task.Key.Id, task.Type, failures, step.Verdict, error);
            await RemoveAsync(near1, []);
            return step.Verdict == RetryVerdict.Dead ? "dead" : "expired";
        }

        var delay = step.Verdict is RetryVerdict.Dead ? TaskPolicies.Of(task.Type).Retry.DelayMax : step.Delay;
        TaskLog.Failed(log, task.Key.Id, task.Type, failures, delay.TotalMilliseconds, error);
        await RetryAsync(near1, failures, delay, error);
        return "failed";
    }

    /// <summary>A refund that is given up would keep a buyer's money: until there are dead letters to mend it from, it goes on, alarmed.</summary>
    private static bool KeepsMoney(TimedTask task) => task.Type == TaskTypes.Refund;

    private async Task RetryAsync(NearTask near1, int attempts, TimeSpan delay, string? error)
    {
        var (task, now) = (near1.Stored, clock.GetUtcNow());
        var nextAt = DateTimeOffset.FromUnixTimeMilliseconds((now + delay).ToUnixTimeMilliseconds());
        if (nextAt < task.Key.Due) nextAt = task.Key.Due;
        var next = task with { Attempts = attempts, NextAt = nextAt, Version = task.Version + 1, LastError = error };
        if (delay <= options.Value.Horizon)
        {
            if (!await CommitAsync(task, updates: [next])) return;
            near1.Stored = next;
            near.Again(near1, nextAt);
            return;
        }

        next = next with { Key = task.Key with { Due = nextAt } };
        await CommitAsync(task, removals: [task.Key], schedules: [next]);
        near.Done(near1);

        async Task<bool> CommitAsync(TimedTask ran, TimedTask[]? updates = null, TaskKey[]? removals = null, TimedTask[]? schedules = null)
        {
            if (await this.CommitAsync(ran, removals ?? [], schedules ?? [], updates ?? [])) return true;
            near.Done(near1);
            return false;
        }
    }

    /// <summary>False where somebody else ran this version: it is theirs.</summary>
    private async Task<bool> RecordBeforeAsync(NearTask near1, TaskPolicy policy, DateTimeOffset now)
    {
        var task = near1.Stored;
        // Whoever takes it over after a crash of this run waits as long as after any failed try.
        var wait = policy.Retry.After(task.Attempts + 1, now - task.Key.Due, chance.NextShare()).Delay;
        if (wait > options.Value.Horizon) wait = options.Value.Horizon;
        var recorded = task with
        {
            Attempts = task.Attempts + 1, Version = task.Version + 1,
            NextAt = DateTimeOffset.FromUnixTimeMilliseconds((now + wait).ToUnixTimeMilliseconds()),
        };
        if (await CommitAsync(task, [], [], [recorded]))
        {
            near1.Stored = recorded;
            return true;
        }

        near.Done(near1);
        return false;
    }

    private async Task RemoveAsync(NearTask near1, IReadOnlyList<TimedTask> schedules)
    {
        await CommitAsync(near1.Stored, [near1.Stored.Key], schedules, []);
        near.Done(near1);
    }

    /// <summary>A commit of the task alone, once per version. False where this version was run already. Throws where the store cannot take it.</summary>
    private async Task<bool> CommitAsync(TimedTask ran, IReadOnlyList<TaskKey> removals, IReadOnlyList<TimedTask> schedules, IReadOnlyList<TimedTask> updates)
    {
        var place = committer.TryReserve(ran.Key.Shard) ?? throw new Groups.StoreUnavailableException("Too many changes wait for the store.");
        var result = await committer.CommitAsync(place, new Commit
        {
            Id = chance.NextCommitId(), Shard = ran.Key.Shard, Token = new ActivationToken(), Removals = removals, Schedules = schedules,
            Updates = updates, Run = new TaskRun(ran.Key, ran.Version),
        });
        return result.Status switch
        {
            CommitStatus.Committed => true,
            CommitStatus.Stale => false,
            _ => throw new Groups.StoreUnavailableException("The store did not take the task's end."),
        };
    }

    private void Trouble(NearTask near1, Exception e)
    {
        var wait = Math.Min(50 * Math.Pow(2, Math.Min(near1.Troubles++, 20)), TroubleMax.TotalMilliseconds) * (1 + 0.2 * chance.NextShare());
        TaskLog.Trouble(log, e, near1.Stored.Key.Id, near1.Stored.Type, wait);
        near.Again(near1, clock.GetUtcNow() + TimeSpan.FromMilliseconds(wait));
    }

    /// <summary>The trace of what caused the task goes on; where it is old, the run begins its own and links to it.</summary>
    private static Activity? Continue(TimedTask task, DateTimeOffset now)
    {
        if (!Tracing.Source.HasListeners()) return null;
        ActivityContext.TryParse(task.Trace, null, isRemote: true, out var cause);
        // A deadline is set a day ahead, everything else minutes; what caused a late task is as old as the task is late, at least.
        var isOld = cause == default || task.Type == TaskTypes.GroupDeadline || now - task.Key.Due > LinkAfter;
        var activity = isOld
            ? Tracing.Source.StartActivity(task.Type, ActivityKind.Consumer, default(ActivityContext), links: cause == default ? null : [new ActivityLink(cause)])
            : Tracing.Source.StartActivity(task.Type, ActivityKind.Consumer, cause);
        activity?.SetTag("task_id", task.Key.Id);
        if (task.Group is { } group) activity?.SetTag("group_id", group.Value);
        return activity;
    }
}
