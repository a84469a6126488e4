using GroupBuyActors.Client;
using GroupBuyActors.Groups;
using GroupBuyActors.Silo.Auth;

namespace GroupBuyActors.Silo.Orders;

/// <summary>Maps orders to documents of the API.</summary>
internal static class OrderDocuments
{
    /// <summary>Maps orders for this caller, also in a replayed answer that another caller got first.</summary>
    public static Func<OrderView, OrderDocument> For(HttpContext context)
    {
        var caller = Caller.Of(context);
        return view => Of(view) with { VoucherCode = caller.SeesVouchersOf(view.UserId) ? view.VoucherCode : null };
    }

    private static OrderDocument Of(OrderView view) =>
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
            VoucherTail = view.VoucherTail,
            VoucherValidUntil = view.VoucherValidUntil,
            RedeemedAt = view.RedeemedAt,
            RefundedAt = view.RefundedAt,
            CloseReason = view.CloseReason,
            Group = view.Group,
        };

    public static string Location(OrderView view) => $"/v1/orders/{view.OrderId}";
}
