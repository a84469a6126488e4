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
        return view =>
            Documents.Of(view) with
            {
                VoucherCode = caller.SeesVouchersOf(view.UserId) ? view.VoucherCode : null,
            };
    }

    public static string Location(OrderView view) => $"/v1/orders/{view.OrderId}";
}
