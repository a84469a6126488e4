using GroupBuyActors.Hosting;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Tasks;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Changes of tasks by hand, from any silo: each is brought to the owner of the task's shard, which makes it
/// (<see cref="OwnedTaskOperations"/>). Throws <c>StoreUnavailableException</c> where the outcome is not known; then
/// ask again.
/// </summary>
internal sealed class TaskOperations(
    ITaskStore store,
    ITaskOutcomes outcomes,
    TaskPolicyRegistry policies,
    TaskOwners owners,
    ClusterClock clock
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
    /// Gives a pending task another weight of its own, −1,000 to 1,000, on top of its type's: where slots are scarce,
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
