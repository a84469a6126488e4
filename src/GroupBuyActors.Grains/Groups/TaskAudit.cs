using GroupBuyActors.Hosting;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>
/// Compares a group's pending tasks with those that its state needs. State and rows are read one after the other; if
/// the head has changed after that, both are read again.
/// </summary>
internal sealed class TaskAudit(
    IActorReader groups,
    ITaskStore store,
    ITaskOutcomes outcomes,
    TaskPolicyRegistry policies,
    GroupSettings settings,
    ClusterClock clock
)
{
    private const int TasksMax = 250_000,
        LettersMax = 500,
        TriesMax = 10;

    /// <summary>
    /// The comparison at one head of the group, with its sequence; null if the group does not exist. Throws
    /// <see cref="StoreUnavailableException"/> if the group changes too fast; the caller may repeat the call.
    /// </summary>
    public async Task<(long Sequence, int Pending, TaskCheck Check)?> CheckAsync(
        GroupId group,
        CancellationToken cancellation
    )
    {
        for (var tries = 0; tries < TriesMax; tries++)
        {
            var (state, _) = await GroupLoader.LoadAsync(groups, group, cancellation);
            if (state.Sequence == 0)
                return null;
            var rows = await store.FindAllOfActorAsync(group.Actor, TasksMax, cancellation);
            var letters = await LettersAsync(group, cancellation);
            if (await groups.HeadAsync(group.Actor, cancellation) != state.Sequence)
                continue;
            var there = rows.Select(PresentTask.Of).Concat(letters);
            return (
                state.Sequence,
                rows.Count,
                NeededTasks.Check(
                    state,
                    there,
                    settings,
                    clock.GetUtcNow(),
                    type => policies.Of(type).Retry.LongestDelay
                )
            );
        }

        throw new StoreUnavailableException("The group changes too fast to be checked. Try again.");
    }

    private async Task<List<PresentTask>> LettersAsync(GroupId group, CancellationToken cancellation)
    {
        var filter = new TaskOutcomeFilter
        {
            Status = TaskOutcomeStatus.Dead,
            Actor = group.Actor,
            Redriven = false,
        };
        var letters = new List<PresentTask>();
        for (string? after = null; ; )
        {
            var page = await outcomes.SearchAsync(filter, after, LettersMax, cancellation);
            letters.AddRange(
                page.Items.Select(letter => new PresentTask(letter.Type, letter.TaskId, null, letter.Attempts))
            );
            if ((after = page.Next) is null)
                return letters;
        }
    }
}
