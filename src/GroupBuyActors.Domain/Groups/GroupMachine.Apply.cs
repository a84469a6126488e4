using GroupBuyActors.Events;

namespace GroupBuyActors.Groups;

internal static partial class GroupMachine
{
    /// <summary>
    /// Changes the state by one event. It depends on these two only, so that a replay results in the same state: stock
    /// plans and pending fan-outs are derived here and decided nowhere else.
    /// </summary>
    internal static void Apply(GroupState state, RecordedEvent recorded)
    {
        if (recorded.Sequence != state.Sequence + 1)
            throw new InvalidOperationException(
                $"Group {state.Id}: event {recorded.Sequence} does not follow {state.Sequence}."
            );
        state.Sequence = recorded.Sequence;
        state.UpdatedAt = recorded.Time;
        if (recorded.Event is OrderEvent about)
            ApplyToOrder(state, about, recorded);
        else
            ApplyToGroup(state, recorded.Event, recorded);
        if (state.Phase == GroupPhase.Success)
            StockPlans.Plan(state, recorded);
        FanOut.Track(state);
    }

    private static void ApplyToGroup(GroupState state, GroupEvent happened, RecordedEvent recorded)
    {
        switch (happened)
        {
            case GroupPublishing e:
                state.Phase = GroupPhase.Publishing;
                (state.Attempt, state.Offer, state.StoredTerms) = (e.Attempt, e.Offer, e.Terms);
                (state.PublishingSequence, state.PublishingAt) = (recorded.Sequence, recorded.Time);
                state.ApproximateBytes += 512 + 3 * (e.Offer.Title.Length + e.Offer.Sku.Length);
                break;
            case GroupPublicationAbandoned e:
                state.Phase = GroupPhase.None;
                state.Offer = null;
                if (e.Reserved is null)
                    state.Ledger.PlanUndoOfReservation(e.Attempt, recorded.Sequence);
                break;
            case StockReserved e:
                state.Ledger.Reserved = e.Units;
                break;
            case GroupShelved:
                state.Phase = GroupPhase.OnShelf;
                state.ShelvedSequence = recorded.Sequence;
                break;
            case GroupOpened:
                state.Phase = GroupPhase.Opening;
                break;
            case GroupSucceeded e:
                state.Phase = GroupPhase.Success;
                state.Orders.CountAtSuccess = state.Orders.Count;
                state.Ledger.PlanDeduction(e.SeatsTaken, recorded.Sequence);
                break;
            case GroupJoiningEnded e:
                state.JoiningEnded = e.Reason;
                break;
            case GroupFulfilled e:
                state.Phase = GroupPhase.Fulfilled;
                (state.FulfilledAt, state.VouchersValidUntil) = (recorded.Time, e.VouchersValidUntil);
                state.Ledger.FailInFlight();
                state.Ledger.PlanEnd(state.Orders.SeatsPaid, state.Attempt, recorded.Sequence);
                FanOut.OpenForOrders(state, recorded);
                break;
            case GroupExpired e:
                Expire(state, e.Reason, recorded);
                break;
            case StockDeducted e:
                state.Ledger.ConfirmDeduction(e.Cause, e.Units);
                if (e.Cause == 1)
                    FanOut.OpenForNotices(state, recorded);
                break;
            case StockReleased e:
                state.Ledger.ConfirmRelease(e.Cause);
                break;
            case BuyersNotified e:
                state.NotifiedUpTo = e.LastOrder;
                break;
            default:
                throw new UnknownEventException($"Group {state.Id} cannot apply {happened.GetType().Name}.");
        }
    }

    private static void Expire(GroupState state, ExpiryReason reason, RecordedEvent recorded)
    {
        state.Phase = GroupPhase.Expired;
        state.Reason = reason;
        state.NotifyUpTo = state.NotifiedUpTo;
        if (reason != ExpiryReason.VouchersLapsed)
        {
            state.Ledger.FailInFlight();
            state.Ledger.PlanEnd(0, state.Attempt, recorded.Sequence);
        }

        FanOut.OpenForOrders(state, recorded);
    }

    private static void ApplyToOrder(GroupState state, OrderEvent happened, RecordedEvent recorded)
    {
        if (happened is OrderPlaced placed)
        {
            Place(state, placed, recorded);
            return;
        }

        var order = state.Orders[happened.OrderId.Number];
        switch (happened)
        {
            case OrderPaid e:
                order.PaidAt = recorded.Time;
                Take(state, order, e.PaymentId, e.Amount, PaymentState.Held);
                state.Orders.Move(order, OrderStatus.Paid);
                break;
            case OrderClosed e:
                order.CloseReason = e.Reason;
                state.Orders.Move(order, OrderStatus.Closed);
                break;
            case OrderRefundRequested e:
                RequestRefund(state, order, e, recorded);
                break;
            case OrderRefunded e:
                order.RefundedAt = recorded.Time;
                Pay(order, e.PaymentId).State = PaymentState.Refunded;
                state.Orders.Move(order, OrderStatus.Refunded);
                break;
            case PaymentExcess e:
                Take(state, order, e.PaymentId, e.Amount, PaymentState.Refunding, excess: true);
                break;
            case PaymentRefunded e:
                Pay(order, e.PaymentId).State = PaymentState.Refunded;
                break;
            default:
                ApplyToVoucher(state, order, happened, recorded);
                break;
        }
    }

    private static void Place(GroupState state, OrderPlaced e, RecordedEvent recorded)
    {
        if (e.OrderId.Number != state.Orders.Count + 1)
            throw new InvalidOperationException($"Order {e.OrderId} does not have the next order number of its group.");
        state.Orders.Add(
            new Order
            {
                UserId = e.UserId,
                Quantity = e.Quantity,
                Total = e.Total.Amount,
                PlacedAt = recorded.Time,
                PlacedSequence = recorded.Sequence,
                ClosesAt = e.ClosesAt,
            }
        );
        state.ApproximateBytes += 112 + e.UserId.Length;
    }

    private static void RequestRefund(GroupState state, Order order, OrderRefundRequested e, RecordedEvent recorded)
    {
        order.RefundReason = e.Reason;
        var payment =
            order.FindPayment(e.PaymentId)
            ?? Take(state, order, e.PaymentId, e.Amount, PaymentState.Refunding, late: true);
        payment.State = PaymentState.Refunding;
        payment.FinalAt = null;
        state.Orders.Move(order, OrderStatus.Refunding);
        if (e.Reason == RefundReason.StockUnavailable && state.Ledger.FailInFlight())
        {
            state.FulfilmentFailed = true;
            FanOut.OpenForOrders(state, recorded);
        }
    }

    private static void ApplyToVoucher(GroupState state, Order order, OrderEvent happened, RecordedEvent recorded)
    {
        switch (happened)
        {
            case VoucherIssued e:
                order.VoucherSecret = (
                    e.VoucherCode
                    ?? throw new InvalidOperationException($"The journal has no voucher code for order {e.OrderId}.")
                ).Secret;
                order.VoucherValidUntil = e.ValidUntil;
                state.Orders.Move(order, OrderStatus.VoucherIssued);
                state.ApproximateBytes += 72;
                break;
            case VoucherRedeemed:
                order.RedeemedAt = recorded.Time;
                SetPaymentState(order, PaymentState.Redeemed, recorded.Time + state.RequireTerms().RevokeWindow);
                state.Orders.Move(order, OrderStatus.Redeemed);
                break;
            case VoucherRedemptionRevoked:
                order.RedeemedAt = null;
                SetPaymentState(order, PaymentState.Held, null);
                state.Orders.Move(order, OrderStatus.VoucherIssued);
                break;
            case VoucherLapsed:
                if (state.RequireTerms().LapsePolicy == LapsePolicy.Forfeit)
                    SetPaymentState(order, PaymentState.Forfeited, null);
                state.Orders.Move(order, OrderStatus.Lapsed);
                break;
            default:
                throw new UnknownEventException($"Group {state.Id} cannot apply {happened.GetType().Name}.");
        }
    }

    private static void SetPaymentState(Order order, PaymentState to, DateTimeOffset? finalAt)
    {
        if (order.Main is not { } payment)
            return;
        payment.State = to;
        payment.FinalAt = finalAt;
    }

    private static Payment Take(
        GroupState state,
        Order order,
        string id,
        Money amount,
        PaymentState to,
        bool excess = false,
        bool late = false
    )
    {
        state.ApproximateBytes += 80 + id.Length;
        return order.Take(
            new Payment
            {
                Id = id,
                Amount = amount.Amount,
                Currency = amount.Currency,
                State = to,
                Excess = excess,
                Late = late,
            }
        );
    }

    private static Payment Pay(Order order, string paymentId) =>
        order.FindPayment(paymentId)
        ?? throw new InvalidOperationException($"Order {order.Number} has no payment {paymentId}.");
}
