using GroupBuyActors.Groups;

namespace GroupBuyActors.Client;

/// <summary>Maps what actors answer to the documents of the contract.</summary>
internal static class Documents
{
    public static GroupDocument Of(GroupView view) =>
        new()
        {
            GroupId = view.GroupId,
            State = view.State,
            Reason = view.Reason,
            Title = view.Terms.Title,
            Sku = view.Terms.Sku,
            UnitPrice = view.Terms.UnitPrice,
            MinGroupSize = view.Terms.MinGroupSize,
            Capacity = view.Terms.Capacity,
            PerUserLimit = view.Terms.PerUserLimit,
            Buyers = view.Buyers,
            BuyersPaid = view.BuyersPaid,
            SeatsTaken = view.SeatsTaken,
            SeatsPaid = view.SeatsPaid,
            ShelfAt = view.Terms.ShelfAt,
            OpensAt = view.Terms.OpensAt,
            Deadline = view.Terms.Deadline,
            SettlesBy = view.SettlesBy,
            Sequence = view.Sequence,
            UpdatedAt = view.UpdatedAt,
            OpenDelay = view.Terms.OpenDelay,
            Timeout = view.Terms.Timeout,
            PaymentWindow = view.Terms.PaymentWindow,
            VoucherValidity = view.Terms.VoucherValidity,
            RevokeWindow = view.Terms.RevokeWindow,
            LapsePolicy = view.Terms.LapsePolicy,
            CountBy = view.Terms.CountBy,
            FulfilledAt = view.FulfilledAt,
            VouchersValidUntil = view.VouchersValidUntil,
        };

    /// <summary>With its voucher's code, where it has one: a secret.</summary>
    public static OrderDocument Of(OrderView view) =>
        new()
        {
            OrderId = view.OrderId,
            GroupId = view.OrderId.Group,
            UserId = view.UserId,
            Quantity = view.Quantity,
            Total = view.Total,
            Status = view.Status,
            PlacedAt = view.PlacedAt,
            ClosesAt = view.ClosesAt,
            PaidAt = view.PaidAt,
            VoucherCode = view.VoucherCode,
            VoucherTail = view.VoucherTail,
            VoucherValidUntil = view.VoucherValidUntil,
            RedeemedAt = view.RedeemedAt,
            RefundedAt = view.RefundedAt,
            CloseReason = view.CloseReason,
            Group = view.Group,
        };
}
