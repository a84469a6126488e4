namespace GroupBuyActors.Groups;

/// <summary>The views of the state for readers.</summary>
internal static class Views
{
    public static GroupView? Of(GroupState state) =>
        state.IsPublished && state.StoredTerms is { } terms
            ? new GroupView
            {
                GroupId = state.Id,
                State = state.Phase,
                Reason = state.Reason,
                Terms = terms,
                Buyers = state.Orders.Buyers,
                BuyersPaid = state.Orders.BuyersPaid,
                SeatsTaken = state.Orders.SeatsTaken,
                SeatsPaid = state.Orders.SeatsPaid,
                SettlesBy = SettlesBy(state, terms.Deadline),
                Sequence = state.Sequence,
                UpdatedAt = state.UpdatedAt,
                FulfilledAt = state.FulfilledAt,
                VouchersValidUntil = state.VouchersValidUntil,
            }
            : null;

    public static OrderView Of(GroupState state, Order order, bool brief = false)
    {
        var id = new OrderId(state.Id, order.Number);
        VoucherCode? voucher = order.VoucherSecret is { } secret ? new VoucherCode(id, secret) : null;
        return new OrderView
        {
            OrderId = id,
            UserId = order.UserId,
            Quantity = order.Quantity,
            Total = TotalOf(state, order),
            Status = order.Status,
            PlacedAt = order.PlacedAt,
            ClosesAt = order.ClosesAt,
            PaidAt = order.PaidAt,
            VoucherCode = voucher,
            VoucherTail = voucher?.Tail,
            VoucherValidUntil = order.VoucherValidUntil,
            RedeemedAt = order.RedeemedAt,
            RefundedAt = order.RefundedAt,
            CloseReason = order.CloseReason,
            Group = brief ? Brief(state) : null,
        };
    }

    public static GroupBrief Brief(GroupState state) =>
        new(state.Phase, state.Orders.SeatsTaken, state.Orders.SeatsPaid, state.Sequence);

    public static Money TotalOf(GroupState state, Order order) =>
        state.RequireTerms().UnitPrice with
        {
            Amount = order.Total,
        };

    private static DateTimeOffset SettlesBy(GroupState state, DateTimeOffset deadline) =>
        state.Phase == GroupPhase.Success && state.Orders.LastClosesAt is { } closesAt
            ? Instants.Later(deadline, closesAt)
            : deadline;
}
