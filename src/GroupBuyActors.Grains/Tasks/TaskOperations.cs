using GroupBuyActors.Hosting;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Tasks;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Changes of tasks by operators, from any silo: each is sent to the owner of the task's shard, which makes it
/// (<see cref="OwnedTaskOperations"/>). Throws <c>StoreUnavailableException</c> if the outcome is not known; the caller
/// may repeat the call.
/// </summary>
internal sealed class TaskOperations(
    ITaskStore store,
    ITaskOutcomes outcomes,
    TaskPolicyRegistry policies,
    TaskOwners owners,
    ClusterClock clock
)
{
    /// <summary>
    /// How many tasks of an actor are read at once, and how many outcomes one call that cancels many returns at most.
    /// </summary>
    private const int TasksPerStep = 500,
        OutcomesMax = 1_000;
    private static readonly TimeSpan CancelFor = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    /// <summary>Cancels a task.</summary>
    public Task<TaskChangeOutcome> CancelAsync(string taskId, CancellationToken cancellation) =>
        AtOwnerAsync(taskId, owner => owner.Cancel(taskId), cancellation);

    /// <summary>Runs a pending task now; its group still does nothing that is not due yet.</summary>
    public Task<TaskChangeOutcome> RunNowAsync(string taskId, CancellationToken cancellation) =>
        AtOwnerAsync(taskId, owner => owner.Move(taskId, null), cancellation);

    /// <summary>
    /// Moves a pending task to another time within <see cref="TaskBounds"/>; it has no effect before its group allows
    /// it. A task that a group's state depends on can only be brought forward.
    /// </summary>
    public Task<TaskChangeOutcome> RescheduleAsync(string taskId, DateTimeOffset at, CancellationToken cancellation) =>
        AtOwnerAsync(taskId, owner => owner.Move(taskId, at), cancellation);

    /// <summary>
    /// Sets a pending task's own weight, −1,000 to 1,000, which is added to that of its type: if slots are scarce, each
    /// point is a head start of one second.
    /// </summary>
    public Task<TaskChangeOutcome> SetWeightAsync(string taskId, int weight, CancellationToken cancellation) =>
        AtOwnerAsync(taskId, owner => owner.SetWeight(taskId, weight), cancellation);

    /// <summary>Redrives a dead letter, with the same id and the same idempotency key.</summary>
    public Task<TaskChangeOutcome> RedriveAsync(string taskId, CancellationToken cancellation) =>
        AtOwnerAsync(taskId, owner => owner.Redrive(taskId), cancellation);

    /// <summary>
    /// Dismisses a dead letter: it is removed after its retention time, and a redrive by filter skips it. A dead letter
    /// has no run, so this does not involve the owner; if it is redriven at the same time, the redrive wins.
    /// </summary>
    public async Task<TaskChangeOutcome> DismissAsync(string taskId, CancellationToken cancellation)
    {
        if (await store.FindAsync(taskId, cancellation) is not null)
            return TaskChangeOutcome.WrongStatus;
        if (await outcomes.FindAsync(taskId, cancellation) is not { } ending)
            return TaskChangeOutcome.Unknown;
        if (ending.Status != TaskOutcomeStatus.Dead || ending.RedrivenAt is not null)
            return TaskChangeOutcome.WrongStatus;
        await outcomes.DismissAsync([ending.Key], clock.GetUtcNow(), cancellation);
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
        var began = clock.GetTimestamp();
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
        } while (after is not null && outcomes.Count < OutcomesMax && clock.GetElapsedTime(began) < CancelFor);
        return new Page<(string, TaskChangeOutcome)>(outcomes, after);
    }

    private async Task<TaskChangeOutcome> AtOwnerAsync(
        string taskId,
        Func<ITaskGateway, Task<TaskChangeOutcome>> change,
        CancellationToken cancellation
    )
    {
        if (!TaskIds.IsStorable(taskId) || !TaskIds.TryGetShard(taskId, out var shard))
            return TaskChangeOutcome.Unknown;
        if (owners.Of(shard) is not { } owner)
            throw new StoreUnavailableException("No silo owns the task's shard at the moment.");
        return await owners.CallAsync(owner, change, AnswerWithin, cancellation);
    }
}
