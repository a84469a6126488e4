using GroupBuyActors.Events;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>
/// Which tasks an event has caused, told from the group's state long after they are done: a task that is done has left
/// no row, and its id names only the event and a number.
/// </summary>
public static class CausedTasks
{
    /// <summary>
    /// The type of the <paramref name="index"/>-th task (from 0) of an event of the group, or null where it caused
    /// fewer.
    /// </summary>
    /// <remarks>
    /// The order is that in which they are scheduled: the rest of consequences that did not fit into the commit, the
    /// event's own, a deduction, a release. Of a group with more orders than fit it is taken that they did not.
    /// </remarks>
    public static string? TypeOf(
        GroupState state,
        RecordedEvent caused,
        int index,
        GroupSettings settings,
        int commitBytesMax = int.MaxValue
    )
    {
        var types = new List<string>();
        var mayBeMany =
            state.OrderCount > settings.ConsequencesPerCommit || Consequences.BytesAtMost(state) > commitBytesMax;
        if (MayDefer(caused.Event) && mayBeMany)
            types.Add(TaskTypes.GroupSettle);
        if (OwnOf(caused.Event) is { } own)
            types.Add(own);
        if (state.Ledger.Deductions.Exists(deduction => deduction.Sequence == caused.Sequence))
            types.Add(TaskTypes.SuccessSaga);
        if (state.Ledger.Releases.Exists(release => release.Sequence == caused.Sequence))
            types.Add(TaskTypes.StockRollback);
        if (caused.Event is BuyersNotified)
            return TaskTypes.Notify;
        return index >= 0 && index < types.Count ? types[index] : null;
    }

    private static bool MayDefer(GroupEvent caused) =>
        caused
            is GroupFulfilled
                or GroupExpired
                or StockDeducted { Cause: 1 }
                or OrderRefundRequested { Reason: RefundReason.StockUnavailable };

    private static string? OwnOf(GroupEvent caused) =>
        caused switch
        {
            OrderPlaced => TaskTypes.OrderClose,
            OrderClosed => TaskTypes.PaymentCheck,
            OrderRefundRequested or PaymentExcess => TaskTypes.Refund,
            GroupPublishing => TaskTypes.StockRollback,
            GroupShelved => TaskTypes.GroupDeadline,
            _ => null,
        };
}
