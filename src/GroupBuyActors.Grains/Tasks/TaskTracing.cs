using System.Diagnostics;
using GroupBuyActors.Hosting;

namespace GroupBuyActors.Tasks;

/// <summary>Traces of runs.</summary>
internal static class TaskTracing
{
    private static readonly TimeSpan LinkAfter = TimeSpan.FromHours(1);

    /// <summary>
    /// The trace of what caused the task goes on; where it is old, the run begins its own and links to it.
    /// </summary>
    public static Activity? Continue(TimedTask task, TaskHandlers handlers, DateTimeOffset now)
    {
        if (!Tracing.Source.HasListeners())
            return null;
        ActivityContext.TryParse(task.Trace, null, isRemote: true, out var cause);
        // What caused a late task is as old as the task is late, at least.
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
