using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Setting;

/// <summary>What runs tasks, put together without a silo.</summary>
internal static class TaskEngine
{
    public static TaskExecutor Executor(
        IEnumerable<ITaskHandler> handlers,
        LocalTaskScheduler scheduler,
        ITaskStore store,
        ICommitter committer,
        CronScheduler firings,
        TaskPolicyRegistry policies,
        TaskMetrics metrics,
        TimeProvider time,
        IOptions<GrainsOptions> options
    )
    {
        var (clock, ids) = (new ClusterClock(time), new IdGenerator());
        var completion = new TaskCompletion(
            new TaskCommitter(committer, ids),
            scheduler,
            firings,
            clock,
            metrics,
            options,
            NullLogger<TaskCompletion>.Instance
        );
        return new TaskExecutor(
            new TaskHandlers(handlers, TaskRegistrations.Types),
            new TaskAttempt(completion, policies, ids, time, options),
            new TaskHold(committer, new OpenGate(), scheduler, clock, ids),
            new TaskFailures(store, scheduler, clock, ids, NullLogger<TaskFailures>.Instance),
            policies,
            metrics,
            clock
        );
    }

    private sealed class OpenGate : ISiloGate
    {
        public string? ClosedBecause => null;

        public string? RefusalReason => null;
    }
}
