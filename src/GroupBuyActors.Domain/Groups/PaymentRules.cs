using GroupBuyActors.Activations;
using GroupBuyActors.Events;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Groups;

/// <summary>
/// Payments, either reported by a payment result or found at the provider. An accepted payment is kept for the order or
/// refunded; <c>payment-check</c> asks later for payments that were neither reported nor found.
/// </summary>
internal static class PaymentRules
{
    private const int PaymentIdLengthMax = 128;

    /// <summary>
    /// How many payments found at the provider are accepted in one commit at most; the provider may report any number.
    /// </summary>
    private const int FoundPerCommit = 20;

    public static Decision Decide(GroupState state, GroupCommand.Pay pay)
    {
        var command = pay.Command;
        var faults = Check(command);
        if (faults.Count > 0)
            return Decision.Invalid(faults);
        if (state.Orders.Find(command.Number) is not { } order)
            return Decision.OrderNotFound(state, command.Number);
        if (order.FindPayment(command.PaymentId) is { } known)
            return known.Money == command.Amount
                ? Decision.OfOrder(order.Number, known.Outcome)
                : Decision.Refuse(
                    RefusalCode.PaymentConflict,
                    $"Payment {command.PaymentId} was already accepted with a different amount."
                );
        var isRight = order.Status == OrderStatus.PendingPayment && command.Amount == Views.TotalOf(state, order);
        var isPlain = isRight || order.Status != OrderStatus.PendingPayment;
        if (!(command.Trusted && isPlain) && Doubt(state, order, command, pay.Findings) is { } doubt)
            return doubt;
        return Accept(state, order, command, isRight);
    }

    public static Decision Decide(GroupState state, GroupCommand.CloseUnpaid close, DateTimeOffset now)
    {
        if (state.Orders.Find(close.Order) is not { } order)
            return Decision.UnknownToTask($"Group {state.Id} has no order {close.Order} to close.");
        if (order.Status != OrderStatus.PendingPayment)
            return Decision.Nothing;
        if (now < order.ClosesAt)
            return Decision.NotYet(order.ClosesAt - now);
        var id = new OrderId(state.Id, order.Number);
        var found = Unknown(order, close.Findings);
        var right = found.FindIndex(payment => payment.Amount == Views.TotalOf(state, order));
        if (found.Count > FoundPerCommit)
            return SomeOfMany(order, id, found, right);
        if (right < 0)
            return WithAlert(
                order,
                found,
                [
                    new OrderClosed(CloseReason.PaymentWindowOver) { OrderId = id },
                    .. Late(id, found, isFirstRefunded: true),
                ]
            );
        var payment = found[right];
        found.RemoveAt(right);
        return WithAlert(
            order,
            found,
            [
                new OrderPaid(payment.PaymentId, payment.Amount) { OrderId = id },
                .. Late(id, found, isFirstRefunded: false),
            ]
        );
    }

    public static Decision Decide(GroupState state, GroupCommand.PaymentChecked check)
    {
        if (state.Orders.Find(check.Order) is not { } order)
            return Decision.UnknownToTask($"Group {state.Id} has no order {check.Order} to check.");
        if (check.Findings.Answer != PortAnswer.Done)
            return new Decision { KeepsTask = true };
        var (id, found) = (new OrderId(state.Id, order.Number), Unknown(order, check.Findings));
        if (found.Count > FoundPerCommit)
            return SomeOfMany(order, id, found, right: -1);
        return WithAlert(order, found, Late(id, found, isFirstRefunded: order.Status == OrderStatus.Closed));
    }

    private static Dictionary<string, string[]> Check(PayOrder command)
    {
        var faults = new Faults();
        faults.Unless(
            TextRules.IsPrintable(command.PaymentId, PaymentIdLengthMax),
            "paymentId",
            $"The payment id must have 1 to {PaymentIdLengthMax} printable characters."
        );
        faults.Unless(
            command.Amount.Amount is >= 1 and <= Money.AmountMax,
            "amount",
            $"The amount must be between 1 and {Money.AmountMax} minor units."
        );
        faults.Unless(Currencies.IsKnown(command.Amount.Currency), "currency", Currencies.Expected);
        return faults.Found;
    }

    /// <summary>
    /// A payment that is not reported by the payment service, or whose amount is not the order's total, is accepted
    /// only if the provider confirms it.
    /// </summary>
    private static Decision? Doubt(GroupState state, Order order, PayOrder command, PaymentFindings? findings)
    {
        if (findings is null)
            return new Decision
            {
                Instead = new Outcome.AsksPort<PortQuestion>(
                    new PortQuestion.FindPayments(new OrderId(state.Id, order.Number))
                ),
            };
        if (findings.Answer == PortAnswer.Unavailable)
            return Decision.Refuse(
                RefusalCode.PaymentsUnavailable,
                "The payment provider does not answer, so this payment could not be confirmed. Try again."
            );
        if (findings.Answer == PortAnswer.Done)
            foreach (var payment in findings.Payments)
                if (payment.PaymentId == command.PaymentId && payment.Amount == command.Amount)
                    return null;
        return Decision.Refuse(
            RefusalCode.PaymentAmountMismatch,
            $"The order costs {Views.TotalOf(state, order)}; the payment provider does not confirm "
                + $"{command.Amount} for payment {command.PaymentId}."
        );
    }

    private static Decision Accept(GroupState state, Order order, PayOrder command, bool isRight)
    {
        var id = new OrderId(state.Id, order.Number);
        if (isRight)
            return Decision.OfOrder(
                order.Number,
                ReplyOutcome.Done,
                new OrderPaid(command.PaymentId, command.Amount) { OrderId = id }
            );
        if (order.Status == OrderStatus.Closed)
            return Decision.OfOrder(
                order.Number,
                ReplyOutcome.Accepted,
                new OrderRefundRequested(command.PaymentId, command.Amount, RefundReason.LatePayment) { OrderId = id }
            );
        return new Decision
        {
            Events = [new PaymentExcess(command.PaymentId, command.Amount) { OrderId = id }],
            How = ReplyOutcome.Accepted,
            Answer = AnswerKind.Order,
            Order = order.Number,
            Warning =
                $"Payment {command.PaymentId} of {command.Amount} for order {id} ({order.Status}) is an excess "
                + "payment and is refunded.",
        };
    }

    /// <summary>Payments that the provider holds and that are not recorded in the order, each once.</summary>
    private static List<ProviderPayment> Unknown(Order order, PaymentFindings findings)
    {
        var found = new List<ProviderPayment>();
        if (findings.Answer != PortAnswer.Done)
            return found;
        foreach (var payment in findings.Payments)
            if (
                payment.Amount.Amount > 0
                && order.FindPayment(payment.PaymentId) is null
                && !found.Exists(other => other.PaymentId == payment.PaymentId)
            )
                found.Add(payment);
        return found;
    }

    private static GroupEvent[] Late(OrderId id, List<ProviderPayment> found, bool isFirstRefunded)
    {
        var events = new GroupEvent[found.Count];
        for (var i = 0; i < events.Length; i++)
            events[i] =
                i == 0 && isFirstRefunded
                    ? new OrderRefundRequested(found[i].PaymentId, found[i].Amount, RefundReason.LatePayment)
                    {
                        OrderId = id,
                    }
                    : new PaymentExcess(found[i].PaymentId, found[i].Amount) { OrderId = id };
        return events;
    }

    /// <summary>
    /// Accepts as many as one commit may have, none of them for the order itself; the task runs again for the rest.
    /// </summary>
    private static Decision SomeOfMany(Order order, OrderId id, List<ProviderPayment> found, int right)
    {
        if (right >= 0)
            found.RemoveAt(right);
        found.RemoveRange(FoundPerCommit - 1, found.Count - FoundPerCommit + 1);
        return WithAlert(order, found, Late(id, found, isFirstRefunded: false), again: true);
    }

    private static Decision WithAlert(
        Order order,
        List<ProviderPayment> found,
        GroupEvent[] events,
        bool again = false
    ) =>
        new()
        {
            Events = events,
            Instead = again ? new Outcome.NotYet(TimeSpan.Zero) : null,
            Warning = events.Any(happened => happened is PaymentExcess)
                ? $"The payment provider holds {found.Count} excess payments for order {order.Number}; they are "
                    + "refunded."
                : null,
        };
}
