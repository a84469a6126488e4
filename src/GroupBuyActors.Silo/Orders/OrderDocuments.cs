using GroupBuyActors.Client;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Silo.Orders;

/// <summary>Orders as the API shows them.</summary>
internal static class OrderDocuments
{
    public static OrderDocument Of(OrderView view) => new()
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
        VoucherValidUntil = view.VoucherValidUntil,
        RedeemedAt = view.RedeemedAt,
        RefundedAt = view.RefundedAt,
        CloseReason = view.CloseReason,
        Group = view.Group is { } group ? new GroupBriefDocument(group.State, group.SeatsTaken, group.SeatsPaid, group.Sequence) : null,
    };

    public static string Location(OrderView view) => $"/v1/orders/{view.OrderId}";
}
