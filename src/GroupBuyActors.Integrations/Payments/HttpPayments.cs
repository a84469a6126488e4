using GroupBuyActors.Integrations.Http;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Integrations.Payments;

/// <summary>
/// The adapter of the payment provider; its contract is <c>deploy/contracts/payments.openapi.yaml</c>.
/// </summary>
internal sealed class HttpPayments(HttpPort port) : IPayments, IPaymentBooks
{
    private static readonly HttpPortCall
        // This code means that the provider does not know the order. Any other 404 may be a wrong address, and must not
        // be taken for an order without payments.
        Query = new("ask", "payments", "order.unknown"),
        Refund =
            new(
                "refund",
                "refunds",
                "refund.refused",
                "payment.unknown",
                "payment.amount_mismatch",
                "payment.refunded"
            ),
        Books = new("payment_books", "books");

    private static readonly PaymentFindings Nothing = new(PortAnswer.Done, []);

    public async Task<PaymentFindings> QueryAsync(OrderId order, CancellationToken cancellation)
    {
        var (reply, found) = await port.QueryAsync(
                Query,
                $"orderId={Uri.EscapeDataString(order.ToString())}",
                PaymentJson.Default.HeldPaymentsDocument,
                FindingsOf,
                Nothing,
                cancellation
            )
            .ConfigureAwait(false);
        return (found ?? Nothing) with { Answer = reply.Answer, Detail = reply.Detail };
    }

    public Task<PortReply> RefundAsync(
        string key,
        OrderId order,
        string paymentId,
        Money amount,
        CancellationToken cancellation
    ) =>
        port.SendAsync(
            Refund,
            key,
            new RefundDocument(order.ToString(), paymentId, amount.Amount, amount.Currency),
            PaymentJson.Default.RefundDocument,
            cancellation
        );

    public Task<BookPage<PaymentBookEntry>> ReadAsync(
        long merchantId,
        string? after,
        int limit,
        CancellationToken cancellation
    ) =>
        HttpBooks.ReadAsync(
            port,
            Books,
            PaymentJson.Default.PaymentBookDocument,
            merchantId,
            after,
            limit,
            book => (book.Items, book.Next),
            item => EntryOf(item, merchantId),
            cancellation
        );

    private static PaymentFindings? FindingsOf(HeldPaymentsDocument document)
    {
        var held = new List<ProviderPayment>(document.Items.Count);
        foreach (var item in document.Items)
        {
            if (item is null || !ProviderMoney.Is(item.PaymentId, item.Amount, item.Currency))
                return null;
            held.Add(new ProviderPayment(item.PaymentId, new Money(item.Amount, item.Currency)));
        }

        var back = document.Refunded ?? [];
        return back.Any(id => id is null || !ProviderMoney.IsId(id))
            ? null
            : new PaymentFindings(PortAnswer.Done, held) { Refunded = [.. back.OfType<string>()] };
    }

    private static PaymentBookEntry? EntryOf(PaymentBookItem item, long merchantId) =>
        OrderId.TryParse(item.OrderId, out var order)
        && order.Group.MerchantId == merchantId
        && ProviderMoney.Is(item.PaymentId, item.Amount, item.Currency)
            ? new PaymentBookEntry(order, item.PaymentId, new Money(item.Amount, item.Currency), item.Refunded)
            : null;
}
