using GroupBuyActors.Committing;
using GroupBuyActors.Events;
using GroupBuyActors.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>
/// A group's completed tasks leave no row, so how one ended is read from the group. Its id contains its type and the
/// event that caused it, and the group's state shows whether it ran or was cancelled by an earlier event.
/// </summary>
internal sealed class CompletedGroupTasks(
    IActorReader groups,
    TaskPolicyRegistry policies,
    GroupSettings settings,
    ICommitter committer
) : ICompletedTasks
{
    public async Task<TaskReport?> FindAsync(string taskId, CancellationToken cancellation)
    {
        if (!TaskIds.TryGetCause(taskId, out var cause) || cause.Actor.Group is not { } group)
            return null;
        var sequence = cause.Sequence;
        if (
            await groups.HistoryAsync(cause.Actor, sequence - 1, 1, cancellation) is not [{ } row]
            || row.Sequence != sequence
        )
            return null;
        var recorded = JournalPayload.Read(group, row.Sequence, row.Time, row.Type, row.Version, row.Payload);
        var (state, _) = await GroupLoader.LoadAsync(groups, group, cancellation);
        if (!CausedTasks.Has(state, recorded, cause.Type, cause.Number, settings, committer.CommitBytesMax))
            return null;
        return new TaskReport
        {
            TaskId = taskId,
            TaskType = cause.Type,
            ExecuteAt = DueOf(recorded, state),
            Status = WasCancelled(recorded.Event, state) ? "cancelled" : "success",
            RetryCount = 0,
            MaxRetry = policies.Of(cause.Type).Retry.RetryCountMax,
            Version = 1,
            PriorityWeight = policies.Of(cause.Type).Weight,
            Ttl = policies.Of(cause.Type).Retry.TimeToLive,
            Shard = group.Shard,
            GroupId = group,
            TraceContext = row.Trace,
        };
    }

    private static DateTimeOffset DueOf(RecordedEvent cause, GroupState state) =>
        cause.Event switch
        {
            OrderPlaced placed => placed.ClosesAt,
            GroupShelved shelved => shelved.Deadline,
            _ => cause.Time,
        };

    private static bool WasCancelled(GroupEvent cause, GroupState state) =>
        cause switch
        {
            OrderPlaced placed => state.Order(placed.OrderId.Number)?.CloseReason != CloseReason.PaymentWindowOver,
            GroupPublishing => state.View() is not null,
            GroupShelved shelved => state.View() is { Reason: not ExpiryReason.Timeout }
                && state.UpdatedAt < shelved.Deadline,
            _ => false,
        };
}
