using GroupBuyActors.Events;

namespace GroupBuyActors.Groups;

/// <summary>Refunds: requested by the buyer, and confirmed by the provider.</summary>
internal static class RefundRules
{
    private const int ReasonLengthMax = 500;

    public static Decision Decide(GroupState state, GroupCommand.Refund refund, DateTimeOffset now)
    {
        var command = refund.Command;
        var faults = new Faults();
        faults.Unless(
            string.IsNullOrEmpty(command.Reason) || TextRules.IsText(command.Reason, ReasonLengthMax),
            "reason",
            $"The reason must have at most {ReasonLengthMax} characters."
        );
        if (faults.Found.Count > 0)
            return Decision.Invalid(faults.Found);
        if (state.Orders.Find(command.Number) is not { } order)
            return Decision.OrderNotFound(state, command.Number);
        return order.Status switch
        {
            OrderStatus.Paid => RequestRefund(state, order, command.Reason),
            OrderStatus.VoucherIssued when now < order.VoucherValidUntil => RequestRefund(state, order, command.Reason),
            OrderStatus.Refunding or OrderStatus.Refunded => Decision.OfOrder(order.Number, ReplyOutcome.Accepted),
            _ => Decision.Refuse(
                RefusalCode.OrderNotRefundable,
                "Only a paid order, or an unredeemed voucher that is still valid, can be refunded."
            ),
        };
    }

    public static Decision Decide(GroupState state, GroupCommand.Refunded refunded)
    {
        if (state.Orders.Find(refunded.Order)?.FindPayment(refunded.PaymentId) is not { } payment)
            return Decision.UnknownToTask(
                $"Group {state.Id} has no payment {refunded.PaymentId} for order {refunded.Order}."
            );
        if (payment.State != PaymentState.Refunding)
            return Decision.Nothing;
        var id = new OrderId(state.Id, refunded.Order);
        return Decision.OfTask(
            payment.Excess
                ? new PaymentRefunded(payment.Id, payment.Money) { OrderId = id }
                : new OrderRefunded(payment.Id, payment.Money) { OrderId = id }
        );
    }

    private static Decision RequestRefund(GroupState state, Order order, string? note) =>
        Decision.OfOrder(
            order.Number,
            ReplyOutcome.Accepted,
            FanOut.RefundOf(new OrderId(state.Id, order.Number), order, RefundReason.BuyerRequest, note)
        );
}
