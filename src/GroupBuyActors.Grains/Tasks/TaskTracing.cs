using System.Diagnostics;
using GroupBuyActors.Hosting;

namespace GroupBuyActors.Tasks;

/// <summary>Traces runs of tasks.</summary>
internal static class TaskTracing
{
    private static readonly TimeSpan LinkAfter = TimeSpan.FromHours(1);

    /// <summary>
    /// Continues the trace of the task's cause. If the cause is old, the run begins a trace of its own, linked to it.
    /// </summary>
    public static Activity? Continue(TimedTask task, TaskHandlers handlers, DateTimeOffset now)
    {
        if (!Tracing.Source.HasListeners())
            return null;
        ActivityContext.TryParse(task.Trace, null, isRemote: true, out var cause);
        // The cause is at least as old as the task is late.
        var isOld = cause == default || handlers.BeginsTrace(task.Type) || task.AgeAt(now) > LinkAfter;
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
