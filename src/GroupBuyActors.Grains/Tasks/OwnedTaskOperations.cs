using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Store.Tasks;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Changes of tasks by operators, made by the owner of the task's shard: only the owner knows whether its run has
/// begun.
/// <para>
/// As between two owners, the row of the run decides who wins: a change is a commit under the task's version, and so is
/// the end of a run. The first commit wins and the other is refused. Memory is adjusted only to avoid a needless
/// firing: the task is taken out before the commit, and added again if the commit was not made.
/// </para>
/// <para>
/// A redrive is committed under the version after the dead letter's, so that of two redrives one is refused; the task
/// continues with the version after that.
/// </para>
/// </summary>
internal sealed class OwnedTaskOperations(
    ITaskStore store,
    ITaskOutcomes outcomes,
    TaskCommitter committer,
    LocalTaskScheduler scheduler,
    CronScheduler firings,
    TaskPolicyRegistry policies,
    ClusterClock clock
)
{
    public async Task<TaskChangeOutcome> CancelAsync(string taskId)
    {
        if (await PendingAsync(taskId) is not { } task)
            return await WhyNotPendingAsync(taskId);
        if (policies.Of(task.Type).IsNeeded)
            return TaskChangeOutcome.Needed;
        return await ChangeAsync(
            task,
            new TaskChanges
            {
                Removals = [task.Row],
                Schedules = firings.Following(task, clock.GetUtcNow()),
                Outcomes = [TaskOutcome.Of(task, TaskOutcomeStatus.Cancelled, clock.GetUtcNow(), task.LastError)],
            }
        );
    }

    /// <summary>
    /// Moves a task; null means now. A task that a group's state depends on can only be brought forward.
    /// </summary>
    public async Task<TaskChangeOutcome> MoveAsync(string taskId, DateTimeOffset? at)
    {
        if (at is { } time && !TaskBounds.IsTime(time))
            throw new ArgumentOutOfRangeException(nameof(at), time, TaskBounds.TimeText);
        if (await PendingAsync(taskId) is not { } task)
            return await WhyNotPendingAsync(taskId);
        var now = clock.GetUtcNow();
        // A time in the past is replaced by now: with a key in the past, the task's runs would be dated there and
        // removed by retention too soon.
        var due = TruncateToMilliseconds(at is { } later && later > now ? later : now);
        if (due > now && due > task.NextAt && policies.Of(task.Type).IsNeeded)
            return TaskChangeOutcome.Needed;
        var moved = task.MovedByHand(due);
        return await ChangeAsync(
            task,
            moved.Key == task.Key
                ? new TaskChanges { Updates = [moved] }
                : new TaskChanges { Removals = [task.Row], Schedules = [moved] }
        );
    }

    public async Task<TaskChangeOutcome> SetWeightAsync(string taskId, int weight)
    {
        if (weight is < -TaskBounds.WeightMax or > TaskBounds.WeightMax)
            throw new ArgumentOutOfRangeException(nameof(weight), weight, TaskBounds.WeightText);
        if (await PendingAsync(taskId) is not { } task)
            return await WhyNotPendingAsync(taskId);
        return await ChangeAsync(
            task,
            new TaskChanges { Updates = [task with { Weight = weight, Version = task.Version + 1 }] }
        );
    }

    public async Task<TaskChangeOutcome> RedriveAsync(string taskId)
    {
        if (await store.FindAsync(taskId, CancellationToken.None) is not null)
            return TaskChangeOutcome.WrongStatus;
        if (await outcomes.FindAsync(taskId, CancellationToken.None) is not { } ending)
            return TaskChangeOutcome.Unknown;
        if (ending.Status != TaskOutcomeStatus.Dead || ending.RedrivenAt is not null)
            return TaskChangeOutcome.WrongStatus;
        var now = TruncateToMilliseconds(clock.GetUtcNow());
        var task = new TimedTask
        {
            Key = new TaskKey(ending.Shard, now, ending.TaskId),
            Type = ending.Type,
            Actor = ending.Actor,
            Payload = ending.Payload,
            NextAt = now,
            Version = ending.Version + 2,
            Trace = ending.Trace,
            LastError = ending.Error,
        };
        var run = new TaskRun(new TaskKey(ending.Shard, ending.Due, ending.TaskId), ending.Version + 1);
        var outcome = await CommitAsync(run, new TaskChanges { Schedules = [task] });
        if (outcome == TaskChangeOutcome.Done)
            await outcomes.MarkRedrivenAsync([ending.Key], now, CancellationToken.None);
        return outcome;
    }

    /// <summary>The row of a task in memory is known; any other is looked up in its shard.</summary>
    private async ValueTask<TimedTask?> PendingAsync(string taskId) =>
        scheduler.Find(taskId).Task is { } known ? known.Stored : await store.FindAsync(taskId, CancellationToken.None);

    private async Task<TaskChangeOutcome> ChangeAsync(TimedTask task, TaskChanges changes)
    {
        if (task.Fault is not null)
            return TaskChangeOutcome.WrongStatus;
        if (!scheduler.TryTake(task.Key.Id))
            return TaskChangeOutcome.Running;
        var outcome = (TaskChangeOutcome?)null;
        try
        {
            outcome = await CommitAsync(new TaskRun(task.Key, task.Version), changes);
            return outcome.Value;
        }
        finally
        {
            // After a commit that was not made, or an update in place, memory gets the stored task again. If that is
            // outdated, the row of the run decides.
            if (outcome != TaskChangeOutcome.Ended && await TryFindAsync(task.Key.Id) is { } stored)
                scheduler.Add(stored, mayHaveBegun: true);
        }
    }

    private async Task<TaskChangeOutcome> CommitAsync(TaskRun run, TaskChanges changes) =>
        await committer.CommitAsync(run, changes) ? TaskChangeOutcome.Done : TaskChangeOutcome.Ended;

    private async Task<TimedTask?> TryFindAsync(string taskId)
    {
        try
        {
            return await store.FindAsync(taskId, CancellationToken.None);
        }
        catch (Exception)
        {
            // The next reading of the horizon finds it.
            return null;
        }
    }

    /// <summary>
    /// Without a row, the task ended or never existed. Callers find a group's completed tasks in the journal.
    /// </summary>
    private async Task<TaskChangeOutcome> WhyNotPendingAsync(string taskId) =>
        await outcomes.FindAsync(taskId, CancellationToken.None) is not null
            ? TaskChangeOutcome.Ended
            : TaskChangeOutcome.Unknown;

    private static DateTimeOffset TruncateToMilliseconds(DateTimeOffset time) =>
        DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());
}
