using GroupBuyActors.Events;

namespace GroupBuyActors.Groups;

internal static class Books
{
    public static void Record(CommandExecution execution, OrderEvent happened, RecordedEvent recorded)
    {
        var order = execution.State.Orders[happened.OrderId.Number];
        if (happened is not (PaymentExcess or PaymentRefunded))
            execution.Log(new OrderStatusChange(recorded.Sequence, recorded.Time, Views.Of(execution.State, order)));
        var payment = happened switch
        {
            OrderPaid e => order.FindPayment(e.PaymentId),
            OrderRefundRequested e => order.FindPayment(e.PaymentId),
            OrderRefunded e => order.FindPayment(e.PaymentId),
            PaymentExcess e => order.FindPayment(e.PaymentId),
            PaymentRefunded e => order.FindPayment(e.PaymentId),
            VoucherRedeemed or VoucherRedemptionRevoked => order.Main,
            VoucherLapsed when execution.State.RequireTerms().LapsePolicy == LapsePolicy.Forfeit => order.Main,
            _ => null,
        };
        if (payment is not null)
            Enter(execution.CommandResult.Payments, payment.Entry(happened.OrderId));
    }

    // One execution may change a payment twice (a redemption revoked after the end: held, then refunding); only the
    // last entry counts.
    private static void Enter(List<PaymentEntry> entries, PaymentEntry entry)
    {
        for (var i = entries.Count - 1; i >= 0 && entries[i].Order == entry.Order; i--)
        {
            if (entries[i].PaymentId != entry.PaymentId)
                continue;
            entries[i] = entry;
            return;
        }

        entries.Add(entry);
    }
}
