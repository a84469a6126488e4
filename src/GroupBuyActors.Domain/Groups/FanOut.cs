using GroupBuyActors.Committing;
using GroupBuyActors.Events;

namespace GroupBuyActors.Groups;

/// <summary>
/// The events for each of the group's orders that follow from a transition, and the notices after success. Up to 500
/// orders are in the transition's commit, if their bytes fit; otherwise they follow in commits of at most 500 orders
/// and of the largest size of a commit, found by a cursor that passes each order once.
/// </summary>
internal static class FanOut
{
    public const string SuccessNotice = "success";

    /// <summary>
    /// The largest size in bytes of the JSON of an event or a task about one order, without texts from outside; it
    /// contains a group's longest id twice.
    /// </summary>
    private const int EventDataMax = 600,
        TaskDataMax = 250;

    /// <summary>A character that JSON escapes: <c>\uXXXX</c>.</summary>
    private const int JsonBytesPerCharacter = 6;

    /// <summary>The number of orders that the pending fan-out still has to reach.</summary>
    public static int CountOfOrders(GroupState state)
    {
        var orders = state.Orders;
        return state.Phase switch
        {
            GroupPhase.Success => state.FulfilmentFailed ? orders.PaidAfterSuccess : 0,
            GroupPhase.Fulfilled => orders.CountOf(OrderStatus.Paid),
            GroupPhase.Expired when state.Reason == ExpiryReason.VouchersLapsed => orders.CountOf(
                OrderStatus.VoucherIssued
            ),
            GroupPhase.Expired => orders.CountOf(OrderStatus.PendingPayment) + orders.CountOf(OrderStatus.Paid),
            _ => 0,
        };
    }

    /// <summary>The number of orders that may still get a notice.</summary>
    public static int CountOfNotices(GroupState state) =>
        Math.Min(state.NotifyUpTo - state.NotifiedUpTo, state.Orders.CountHolding);

    public static void OpenForOrders(GroupState state, RecordedEvent recorded)
    {
        state.OrderWork = new PendingFanOut(recorded.Sequence, recorded.Time);
        state.OrderCursor = 1;
    }

    public static void OpenForNotices(GroupState state, RecordedEvent recorded)
    {
        state.NoticeWork = new PendingFanOut(recorded.Sequence, recorded.Time);
        state.NotifyUpTo = state.Orders.Count;
    }

    /// <summary>
    /// Moves the cursor to the next affected order and closes a fan-out that is done; a part of applying an event.
    /// </summary>
    public static void Track(GroupState state)
    {
        if (state.NoticeWork is not null && state.NotifiedUpTo >= state.NotifyUpTo)
            state.NoticeWork = null;
        if (state.OrderWork is null)
            return;
        if (CountOfOrders(state) == 0)
        {
            state.OrderWork = null;
            return;
        }

        while (state.OrderCursor <= state.Orders.Count && !Concerns(state, state.Orders[state.OrderCursor]))
            state.OrderCursor++;
    }

    /// <summary>The one or two events for the order at the cursor.</summary>
    public static (GroupEvent First, GroupEvent? Second)? Next(GroupState state, Func<string> newSecret)
    {
        if (state.OrderWork is null || state.Orders.Find(state.OrderCursor) is not { } order)
            return null;
        var id = new OrderId(state.Id, order.Number);
        return state.Phase switch
        {
            GroupPhase.Success => (RefundOf(id, order, RefundReason.StockUnavailable), null),
            GroupPhase.Fulfilled => (
                new VoucherIssued(new VoucherCode(id, newSecret()), state.VouchersValidUntil!.Value) { OrderId = id },
                null
            ),
            GroupPhase.Expired when state.Reason == ExpiryReason.VouchersLapsed => Lapse(state, id, order),
            _ when order.Status == OrderStatus.PendingPayment => (
                new OrderClosed(CloseReason.GroupEnded) { OrderId = id },
                null
            ),
            _ => (RefundOf(id, order, RefundReason.GroupEnded), null),
        };
    }

    /// <summary>The lapse of a voucher, with the refund if the policy demands one.</summary>
    public static (GroupEvent First, GroupEvent? Second) Lapse(GroupState state, OrderId id, Order order) =>
        (
            new VoucherLapsed { OrderId = id },
            state.RequireTerms().LapsePolicy == LapsePolicy.Refund
                ? RefundOf(id, order, RefundReason.VoucherLapsed)
                : null
        );

    public static OrderRefundRequested RefundOf(OrderId id, Order order, RefundReason reason, string? note = null)
    {
        var payment = order.Main ?? throw new InvalidOperationException($"Order {id} has no payment.");
        return new OrderRefundRequested(payment.Id, payment.Money, reason, note) { OrderId = id };
    }

    /// <summary>
    /// The next notices: for at most <paramref name="countMax"/> consecutive orders that hold seats, whose tasks have
    /// at most <paramref name="bytesMax"/> bytes; for one at least.
    /// </summary>
    public static BuyersNotified? NextNotices(GroupState state, int countMax, long bytesMax)
    {
        if (state.NoticeWork is null)
            return null;
        var (number, holding, bytes) = (state.NotifiedUpTo, 0, 0L);
        for (; number < state.NotifyUpTo; number++)
        {
            var order = state.Orders[number + 1];
            if (!order.Status.HoldsSeats())
                continue;
            bytes += NoticeBytes(order);
            if (holding == countMax || (holding > 0 && bytes > bytesMax))
                break;
            holding++;
        }

        return new BuyersNotified(SuccessNotice, state.NotifiedUpTo + 1, number, holding);
    }

    /// <summary>The largest size in bytes of the rest of the pending fan-out.</summary>
    public static long BytesOfOrders(GroupState state)
    {
        var bytes = 0L;
        for (var number = state.OrderCursor; number <= state.Orders.Count; number++)
            if (Concerns(state, state.Orders[number]))
                bytes += ConsequenceBytes(state, state.Orders[number]);
        return bytes;
    }

    /// <summary>The largest size in bytes of the notices that are still to be scheduled.</summary>
    public static long BytesOfNotices(GroupState state)
    {
        long bytes = CommitBytes.OfEvent(EventDataMax);
        for (var number = state.NotifiedUpTo + 1; number <= state.NotifyUpTo; number++)
            if (state.Orders[number].Status.HoldsSeats())
                bytes += NoticeBytes(state.Orders[number]);
        return bytes;
    }

    /// <summary>The largest size in bytes of all orders of a group in one transition.</summary>
    public static long BytesAtMost(GroupState state)
    {
        var bytes = 0L;
        foreach (var order in state.Orders.All)
            bytes += Math.Max(RefundBytes(order) + LapseBytes(order), NoticeBytes(order));
        return bytes;
    }

    private static int ConsequenceBytes(GroupState state, Order order) =>
        state.Phase switch
        {
            GroupPhase.Fulfilled => LapseBytes(order),
            GroupPhase.Expired when state.Reason == ExpiryReason.VouchersLapsed => LapseBytes(order)
                + RefundBytes(order),
            GroupPhase.Expired when order.Status == OrderStatus.PendingPayment => CloseBytes(order),
            _ => RefundBytes(order),
        };

    /// <summary>
    /// The size of an event about an order with its status row; issuing a voucher needs no more than its lapse.
    /// </summary>
    private static int LapseBytes(Order order) =>
        CommitBytes.OfEvent(EventDataMax) + OrderStatusChange.BytesOf(order.UserId);

    private static int CloseBytes(Order order) =>
        LapseBytes(order) + CommitBytes.OfTask(TaskDataMax) + CommitBytes.Removal;

    private static int RefundBytes(Order order) =>
        LapseBytes(order) + CommitBytes.OfTask(TaskDataMax) + 2 * JsonBytesPerCharacter * (order.Main?.Id.Length ?? 0);

    private static int NoticeBytes(Order order) =>
        CommitBytes.OfTask(TaskDataMax + JsonBytesPerCharacter * order.UserId.Length);

    private static bool Concerns(GroupState state, Order order) =>
        state.Phase switch
        {
            GroupPhase.Success => order.Status == OrderStatus.Paid && order.Number > state.Orders.CountAtSuccess,
            GroupPhase.Fulfilled => order.Status == OrderStatus.Paid,
            GroupPhase.Expired when state.Reason == ExpiryReason.VouchersLapsed => order.Status
                == OrderStatus.VoucherIssued,
            _ => order.Status is OrderStatus.PendingPayment or OrderStatus.Paid,
        };
}
