using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Tasks;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Changes of tasks by hand, made where the task's shard is owned: only there it is known whether its run has begun.
/// Throws <c>StoreUnavailableException</c> where the outcome is not known; then ask again.
/// <para>
/// Who wins is decided by the row of the run, as between two owners: a change is a commit under the task's version, and
/// so is the end of a run. The first that lands refuses the other. Memory is adjusted only to avoid a needless firing:
/// the task is taken out before the commit, and put back if the commit was not made.
/// </para>
/// <para>
/// A redrive lands under the version after the dead letter's, so that of two redrives one is refused, and the task goes
/// on with the version after that.
/// </para>
/// </summary>
internal sealed class TaskOperations(
    ITaskStore store,
    ITaskOutcomes ends,
    ICommitter committer,
    LocalTaskScheduler scheduler,
    CronScheduler firings,
    TaskPolicyRegistry policies,
    TaskGateways gateways,
    ShardMap shardMap,
    ClusterClock clock,
    TimeProvider time,
    IdGenerator ids
)
{
    /// <summary>Tasks of a group that are read at once, and outcomes and time of one call that cancels many.</summary>
    private const int TasksPerStep = 500,
        OutcomesMax = 1_000;
    private static readonly TimeSpan CancelFor = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    /// <summary>Calls a task off for good.</summary>
    public Task<TaskChangeOutcome> CancelAsync(string taskId, CancellationToken cancellation) =>
        AtOwnerAsync(taskId, owner => owner.Cancel(taskId), cancellation);

    /// <summary>Runs a pending task now; what its group would not do yet it still does not do.</summary>
    public Task<TaskChangeOutcome> RunNowAsync(string taskId, CancellationToken cancellation) =>
        AtOwnerAsync(taskId, owner => owner.Move(taskId, null), cancellation);

    /// <summary>
    /// Gives a pending task another time, in <see cref="TaskBounds"/>; never earlier than what its group allows to have
    /// an effect. One that a group's state depends on is only brought forward.
    /// </summary>
    public Task<TaskChangeOutcome> RescheduleAsync(string taskId, DateTimeOffset at, CancellationToken cancellation) =>
        AtOwnerAsync(taskId, owner => owner.Move(taskId, at), cancellation);

    /// <summary>
    /// Gives a pending task another weight of its own, −1,000 to 1,000, on top of its type's: where places are scarce,
    /// each is worth a second's head start.
    /// </summary>
    public Task<TaskChangeOutcome> SetWeightAsync(string taskId, int weight, CancellationToken cancellation) =>
        AtOwnerAsync(taskId, owner => owner.SetWeight(taskId, weight), cancellation);

    /// <summary>Schedules a dead letter anew, under its own id and with its own idempotency key.</summary>
    public Task<TaskChangeOutcome> RedriveAsync(string taskId, CancellationToken cancellation) =>
        AtOwnerAsync(taskId, owner => owner.Redrive(taskId), cancellation);

    /// <summary>
    /// Dismisses a dead letter: it is removed after its retention time, and a redrive by
    /// filter passes it over. Nothing runs for a dead letter, so this needs no owner; one that is redriven at the same
    /// moment is redriven.
    /// </summary>
    public async Task<TaskChangeOutcome> DismissAsync(string taskId, CancellationToken cancellation)
    {
        if (await store.FindAsync(taskId, cancellation) is not null)
            return TaskChangeOutcome.WrongStatus;
        if (await ends.FindAsync(taskId, cancellation) is not { } ending)
            return TaskChangeOutcome.Unknown;
        if (ending.Status != TaskOutcomeStatus.Dead || ending.RedrivenAt is not null)
            return TaskChangeOutcome.WrongStatus;
        await ends.DismissAsync([ending.Key], clock.GetUtcNow(), cancellation);
        return TaskChangeOutcome.Done;
    }

    public async Task<Page<(string TaskId, TaskChangeOutcome Outcome)>> CancelAllAsync(
        GroupId group,
        int? order,
        string? after,
        CancellationToken cancellation
    )
    {
        var outcomes = new List<(string, TaskChangeOutcome)>();
        var began = time.GetTimestamp();
        do
        {
            var page = await store.PageOfActorAsync(group.Actor, after, TasksPerStep, cancellation);
            foreach (var task in page.Items.Where(task => order is null || TaskPayloads.OrderOf(task.Payload) == order))
                outcomes.Add(
                    (
                        task.Key.Id,
                        policies.Of(task.Type).IsNeeded
                            ? TaskChangeOutcome.Needed
                            : await CancelAsync(task.Key.Id, cancellation)
                    )
                );
            after = page.Next;
        } while (after is not null && outcomes.Count < OutcomesMax && time.GetElapsedTime(began) < CancelFor);
        return new Page<(string, TaskChangeOutcome)>(outcomes, after);
    }

    /// <summary>Called at the owner.</summary>
    internal async Task<TaskChangeOutcome> CancelHereAsync(string taskId)
    {
        if (await PendingAsync(taskId) is not { } task)
            return await WhyNotPendingAsync(taskId);
        if (policies.Of(task.Type).IsNeeded)
            return TaskChangeOutcome.Needed;
        return await ChangeAsync(
            task,
            commit =>
                commit with
                {
                    Removals = [task.Row],
                    Schedules = firings.Following(task, clock.GetUtcNow()),
                    Ends = [TaskOutcome.Of(task, TaskOutcomeStatus.Cancelled, clock.GetUtcNow(), task.LastError)],
                }
        );
    }

    /// <summary>Called at the owner. Null: now. What a group's state depends on is brought forward only.</summary>
    internal async Task<TaskChangeOutcome> MoveHereAsync(string taskId, DateTimeOffset? at)
    {
        if (at is { } time && !TaskBounds.IsTime(time))
            throw new ArgumentOutOfRangeException(nameof(at), time, TaskBounds.TimeText);
        if (await PendingAsync(taskId) is not { } task)
            return await WhyNotPendingAsync(taskId);
        var now = clock.GetUtcNow();
        // A time that has passed is now: a key of the past would date the task's runs there, where they are soon
        // forgotten.
        var due = TruncateToMilliseconds(at is { } later && later > now ? later : now);
        if (due > now && due > task.NextAt && policies.Of(task.Type).IsNeeded)
            return TaskChangeOutcome.Needed;
        var moved = task.MovedByHand(due);
        return await ChangeAsync(
            task,
            commit =>
                moved.Key == task.Key
                    ? commit with
                    {
                        Updates = [moved],
                    }
                    : commit with
                    {
                        Removals = [task.Row],
                        Schedules = [moved],
                    }
        );
    }

    /// <summary>Called at the owner.</summary>
    internal async Task<TaskChangeOutcome> SetWeightHereAsync(string taskId, int weight)
    {
        if (weight is < -TaskBounds.WeightMax or > TaskBounds.WeightMax)
            throw new ArgumentOutOfRangeException(nameof(weight), weight, TaskBounds.WeightText);
        if (await PendingAsync(taskId) is not { } task)
            return await WhyNotPendingAsync(taskId);
        return await ChangeAsync(
            task,
            commit => commit with { Updates = [task with { Weight = weight, Version = task.Version + 1 }] }
        );
    }

    /// <summary>Called at the owner.</summary>
    internal async Task<TaskChangeOutcome> RedriveHereAsync(string taskId)
    {
        if (await store.FindAsync(taskId, CancellationToken.None) is not null)
            return TaskChangeOutcome.WrongStatus;
        if (await ends.FindAsync(taskId, CancellationToken.None) is not { } ending)
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
        var outcome = await CommitAsync(
            new Commit
            {
                Id = ids.NextCommitId(),
                Shard = ending.Shard,
                Token = new ActivationToken(),
                Schedules = [task],
                Run = new TaskRun(new TaskKey(ending.Shard, ending.Due, ending.TaskId), ending.Version + 1),
            }
        );
        if (outcome == TaskChangeOutcome.Done)
            await ends.MarkRedrivenAsync([ending.Key], now, CancellationToken.None);
        return outcome;
    }

    /// <summary>Memory knows where a near task's row lies; a far one is looked for in its shard.</summary>
    private async ValueTask<TimedTask?> PendingAsync(string taskId) =>
        scheduler.Find(taskId).Task is { } known ? known.Stored : await store.FindAsync(taskId, CancellationToken.None);

    private async Task<TaskChangeOutcome> ChangeAsync(TimedTask task, Func<CommitOf, CommitOf> change)
    {
        if (task.Fault is not null)
            return TaskChangeOutcome.WrongStatus;
        if (!scheduler.TryTake(task.Key.Id))
            return TaskChangeOutcome.Running;
        var outcome = (TaskChangeOutcome?)null;
        try
        {
            var what = change(new CommitOf());
            return (
                outcome = await CommitAsync(
                    new Commit
                    {
                        Id = ids.NextCommitId(),
                        Shard = task.Key.Shard,
                        Token = new ActivationToken(),
                        Removals = what.Removals,
                        Schedules = what.Schedules,
                        Updates = what.Updates,
                        Ends = what.Ends,
                        Run = new TaskRun(task.Key, task.Version),
                    }
                )
            ).Value;
        }
        finally
        {
            // Not made, or an update in place: memory has it again as it is stored; should that be wrong, the run row
            // decides.
            if (outcome != TaskChangeOutcome.Ended && await TryFindAsync(task.Key.Id) is { } stored)
                scheduler.Add(stored, mayHaveBegun: true);
        }
    }

    private async Task<TaskChangeOutcome> CommitAsync(Commit commit)
    {
        var place =
            committer.TryReserve(commit.Shard)
            ?? throw new StoreUnavailableException(
                "The database accepts no more changes at the moment. Try again later."
            );
        var result = await committer.CommitAsync(place, commit);
        return result.Status switch
        {
            CommitStatus.Committed => TaskChangeOutcome.Done,
            CommitStatus.Stale => TaskChangeOutcome.Ended,
            _ => throw new StoreUnavailableException("The change could not be stored."),
        };
    }

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
    /// No row: it ended, or it never was. A group's tasks that are done are told by the caller, who asks the journal.
    /// </summary>
    private async Task<TaskChangeOutcome> WhyNotPendingAsync(string taskId) =>
        await ends.FindAsync(taskId, CancellationToken.None) is not null
            ? TaskChangeOutcome.Ended
            : TaskChangeOutcome.Unknown;

    private async Task<TaskChangeOutcome> AtOwnerAsync(
        string taskId,
        Func<ITaskGateway, Task<TaskChangeOutcome>> change,
        CancellationToken cancellation
    )
    {
        if (!TaskIds.IsStorable(taskId) || !TaskIds.TryGetShard(taskId, out var shard))
            return TaskChangeOutcome.Unknown;
        if (shardMap.Of(shard) is not { } home)
            throw new StoreUnavailableException("No silo owns the task's shard at the moment.");
        return await change(gateways.Of(home)).WaitAsync(AnswerWithin, time, cancellation);
    }

    private static DateTimeOffset TruncateToMilliseconds(DateTimeOffset time) =>
        DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());

    private sealed record CommitOf
    {
        public IReadOnlyList<TaskKey> Removals { get; init; } = [];
        public IReadOnlyList<TimedTask> Schedules { get; init; } = [];
        public IReadOnlyList<TimedTask> Updates { get; init; } = [];
        public IReadOnlyList<TaskOutcome> Ends { get; init; } = [];
    }
}
