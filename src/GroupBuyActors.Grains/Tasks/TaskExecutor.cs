using System.Diagnostics;
using GroupBuyActors.Hosting;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Runs a due task: finds its handler, traces and measures the run, and handles its failures.
/// </summary>
/// <remarks>
/// Problem: a process may die between the effect of a task and the record that it is done, two silos may own a shard
/// for a short time, and an operator may cancel a task while it runs. The states of a task:
/// <code>
///   table   ── due within the horizon ─────────► wheel ── due ──► queue ── a slot is free ──► running
///   running ── effect committed ───────────────► completed, by its group's commit or by its own
///   running ── failed, next try within horizon ► wheel, and the row is updated
///   running ── failed, next try beyond it ─────► table: the row is moved
///   running ── infrastructure failure ─────────► wheel, not counted; after the third, as its row says
///   running ── the store accepts nothing ──────► wheel, not begun
///   running ── tries used up, or too old ──────► ended: dead, or expired
///   else    ── cancelled by an operator ───────► ended: cancelled
///   dead    ── redriven ───────────────────────► table: the same id and key, a later version
///   any     ── its owner is fenced ────────────► table: read by the next owner, and recorded before it runs
/// </code>
/// A first try is not recorded before it begins: most succeed, and the commit of their effect removes the row. A task
/// recovered from a silo that has left is recorded before it runs, so that a task that kills its process is recognised
/// by the number of its tries. Guarantees: a handler runs at least once and never before its task is due; every end,
/// update or move of a task is a commit under its version, of which only the first is made, so that a task ends once.
/// These guarantees depend on every such commit checking the version.
/// </remarks>
internal sealed class TaskExecutor(
    TaskHandlers handlers,
    TaskAttempt attempt,
    TaskHold hold,
    TaskFailures failures,
    TaskPolicyRegistry policies,
    TaskMetrics metrics,
    ClusterClock clock
)
{
    /// <summary>
    /// Makes one run. It never throws: a task that cannot be processed is parked, and its slot is free for the next.
    /// </summary>
    public async Task RunAsync(ScheduledTask running)
    {
        try
        {
            await RunOnceAsync(running);
        }
        catch (Exception e)
        {
            failures.Park(running, e);
        }
    }

    private async Task RunOnceAsync(ScheduledTask running)
    {
        var task = running.Stored;
        if (task.Fault is { } fault)
        {
            failures.ParkFaulty(running, fault);
            return;
        }

        if (!handlers.TryGet(task.Type, out var handler))
        {
            failures.ParkWithoutHandler(running);
            return;
        }

        if (hold.TryHold(running))
            return;
        var (now, began) = (clock.GetUtcNow(), clock.GetTimestamp());
        running.BegunAt = now;
        metrics.Started(task.Type, now - running.FiresAt, policies.Of(task.Type).Lateness);
        if (task.Attempts > 0 || running.InfrastructureFailures > 0)
            metrics.Retried(task.Type);
        using var activity = TaskTracing.Continue(task, handlers, now);
        string outcome;
        try
        {
            outcome = await attempt.RunAsync(running, handler, now);
        }
        catch (Exception e)
        {
            activity?.SetStatus(ActivityStatusCode.Error, e.Message);
            outcome = "failure";
            await failures.HandleAsync(running, e);
        }

        metrics.Ended(task.Type, outcome, clock.GetElapsedTime(began));
    }
}
