using System.Data.Common;
using System.Text;
using GroupBuyActors.Ports;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Sandbox.Books;

internal sealed partial class SandboxBooks
{
    private const int Held = 1;
    private const int Refunded = 2;

    /// <summary>Payments the provider holds for an order; refunded ones are no longer held.</summary>
    public async Task<PaymentFindings> QueryAsync(OrderId order, CancellationToken cancellation)
    {
        var database = await _books.ReadyAsync().ConfigureAwait(false);
        SqlText read = $"{Count(SandboxPort.Payments, $"ask:{order}", "ask")}; {PaymentsOf(order)}";
        var known = await database
            .ExchangeAsync(
                read,
                async (reader, ct) => (new SqlText(), await RowsAsync(reader, PaymentRow, ct).ConfigureAwait(false)),
                cancellation
            )
            .ConfigureAwait(false);
        return new PaymentFindings(
            PortAnswer.Done,
            known.Where(payment => payment.RefundKey is null).Select(payment => payment.Payment).ToList()
        )
        {
            Refunded = known
                .Where(payment => payment.RefundKey is not null)
                .Select(payment => payment.Payment.PaymentId)
                .ToList(),
        };
    }

    /// <summary>
    /// Refunds a payment, in full and once. A payment that the provider does not know (it was reported to the order
    /// directly) counts as paid there; one with another amount is refused.
    /// </summary>
    public async Task<PortReply> RefundAsync(
        string key,
        OrderId order,
        string paymentId,
        Money amount,
        CancellationToken cancellation
    )
    {
        var database = await _books.ReadyAsync().ConfigureAwait(false);
        SqlText read = $"{Count(SandboxPort.Payments, key, "refund")}; {PaymentsOf(order)}{_books.Dialect.ForUpdate}";
        return await database
            .ExchangeAsync(
                read,
                async (reader, ct) =>
                {
                    var all = await RowsAsync(reader, PaymentRow, ct).ConfigureAwait(false);
                    var known = all.FirstOrDefault(payment => payment.Payment.PaymentId == paymentId);
                    if (known.Payment is { } held && held.Amount != amount)
                        return (
                            new SqlText(),
                            new PortReply(PortAnswer.Refused, $"The payment's amount is {held.Amount}.")
                        );
                    if (known.RefundKey is { } by)
                        return (
                            new SqlText(),
                            by == key
                                ? PortReply.Done
                                : new PortReply(PortAnswer.Refused, "The payment was already refunded.")
                        );
                    return (Refund(key, order, paymentId, amount), PortReply.Done);
                },
                cancellation
            )
            .ConfigureAwait(false);
    }

    /// <summary>
    /// Pays an order at the provider. Repeated with the same amount it changes nothing; false if the payment exists
    /// with another amount.
    /// </summary>
    public async Task<bool> PayAsync(OrderId order, ProviderPayment payment, CancellationToken cancellation)
    {
        var database = await _books.ReadyAsync().ConfigureAwait(false);
        var insert = new SqlText().Append(
            $"""
            {_books.Dialect.InsertIgnore} into sandbox_payment (order_id, payment_id, amount, currency,
              state, refund_key, paid_ms) values ({order.ToString()}, {Bytes(payment.PaymentId)},
              {payment.Amount.Amount}, {payment.Amount.Currency}, {Held}, {null as byte[]}, {NowMs()})
            """
        );
        return await database
            .ExchangeAsync(
                new SqlText().Append($"{insert}; {PaymentsOf(order)}"),
                async (reader, ct) =>
                {
                    var all = await RowsAsync(reader, PaymentRow, ct).ConfigureAwait(false);
                    return (new SqlText(), all.Any(there => there.Payment == payment));
                },
                cancellation
            )
            .ConfigureAwait(false);
    }

    private static SqlText PaymentsOf(OrderId order) =>
        new SqlText().Append(
            $"select payment_id, amount, currency, refund_key from sandbox_payment where order_id = {order.ToString()}"
        );

    // A payment never seen before is recorded as paid and refunded at once.
    private SqlText Refund(string key, OrderId order, string paymentId, Money amount) =>
        new SqlText().Append(
            $"""
            replace into sandbox_payment (order_id, payment_id, amount, currency, state, refund_key, paid_ms)
              values ({order.ToString()}, {Bytes(paymentId)}, {amount.Amount}, {amount.Currency}, {Refunded},
              {Bytes(key)}, {NowMs()})
            """
        );

    private static (ProviderPayment Payment, string? RefundKey) PaymentRow(DbDataReader row) =>
        (
            new ProviderPayment(row.Utf8(0), new Money(row.GetInt64(1), row.GetString(2))),
            row.IsDBNull(3) ? null : Encoding.UTF8.GetString(row.Bytes(3))
        );
}
