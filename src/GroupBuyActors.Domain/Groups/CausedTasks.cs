using GroupBuyActors.Events;

namespace GroupBuyActors.Groups;

/// <summary>
/// Whether an event has caused the task of an id, decided from the group's state long after the task is done: a
/// completed task leaves no row, and a caller may make up an id.
/// </summary>
internal static class CausedTasks
{
    /// <summary>True if the event caused a task of this type and number (from 0).</summary>
    /// <remarks>
    /// If a group has more orders than fit into a commit, it is assumed that its fan-outs did not fit.
    /// </remarks>
    public static bool Has(
        GroupState state,
        RecordedEvent caused,
        string type,
        int number,
        GroupSettings settings,
        int commitBytesMax = int.MaxValue
    ) =>
        type switch
        {
            Notify.TypeName => caused.Event is BuyersNotified notified
                && number <= notified.LastOrder - notified.FirstOrder,
            _ when number != 0 => false,
            GroupSettle.TypeName => MayDefer(caused.Event) && MayBeMany(state, settings, commitBytesMax),
            SuccessSaga.TypeName => state.Ledger.Deductions.Exists(deduction => deduction.Sequence == caused.Sequence),
            StockRollback.TypeName => caused.Event is GroupPublishing
                || state.Ledger.Releases.Exists(release => release.Sequence == caused.Sequence),
            OrderClose.TypeName => caused.Event is OrderPlaced,
            PaymentCheck.TypeName => caused.Event is OrderClosed,
            Refund.TypeName => caused.Event is OrderRefundRequested or PaymentExcess,
            GroupDeadline.TypeName => caused.Event is GroupShelved,
            _ => false,
        };

    private static bool MayBeMany(GroupState state, GroupSettings settings, int commitBytesMax) =>
        state.OrderCount > settings.FanOutPerCommit || FanOut.BytesAtMost(state) > commitBytesMax;

    private static bool MayDefer(GroupEvent caused) =>
        caused
            is GroupFulfilled
                or GroupExpired
                or StockDeducted { Cause: 1 }
                or OrderRefundRequested { Reason: RefundReason.StockUnavailable };
}
