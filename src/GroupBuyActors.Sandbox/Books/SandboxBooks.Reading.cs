using GroupBuyActors.Ports;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Sandbox.Books;

/// <summary>Reads the books page by page, in the order of their keys' bytes, as real services would.</summary>
internal sealed partial class SandboxBooks
{
    /// <summary>
    /// A merchant's payments, refunded or not, in the order of <see cref="IPaymentBooks"/>. A token that is not valid
    /// throws <see cref="FormatException"/>.
    /// </summary>
    // Index: the primary key (order_id, payment_id); a merchant's orders all begin with its number and a dot.
    public async Task<Page<PaymentBookEntry>> PaymentBookAsync(
        long merchantId,
        string? after,
        int limit,
        CancellationToken cancellation
    )
    {
        var database = await _books.ReadyAsync().ConfigureAwait(false);
        var range = new MerchantRange(merchantId);
        SqlText where = $"order_id >= {range.First} and order_id < {range.End}";
        if (PageToken.Read("payment-book", after, isFreeText: true) is var (_, id))
        {
            var (order, rest) = Split(id);
            var payment = Bytes(rest);
            where.Append($" and order_id >= {order} and (order_id > {order} or payment_id > {payment})");
        }

        var rows = await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"""
                        select order_id, payment_id, amount, currency, state from sandbox_payment
                          where {where} order by order_id, payment_id limit {limit + 1}
                        """,
                        row => new PaymentBookEntry(
                            OrderId.Parse(row.GetString(0)),
                            row.Utf8(1),
                            new Money(row.GetInt64(2), row.GetString(3)),
                            row.GetInt32(4) == Refunded
                        ),
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
        return PageToken.Page(
            rows,
            limit,
            entry => PageToken.Write("payment-book", 0, $"{entry.Order} {entry.PaymentId}")
        );
    }

    /// <summary>
    /// The stock of a merchant's groups, in the order of <see cref="IStockBooks"/>. A token that is not valid throws
    /// <see cref="FormatException"/>.
    /// </summary>
    // Index: sandbox_reservation_group (merchant_id, group_id, sku).
    public async Task<Page<StockBookEntry>> StockBookAsync(
        long merchantId,
        string? after,
        int limit,
        CancellationToken cancellation
    )
    {
        var database = await _books.ReadyAsync().ConfigureAwait(false);
        SqlText where = $"merchant_id = {merchantId}";
        if (PageToken.Read("stock-book", after, isFreeText: true) is var (_, id))
        {
            var (group, rest) = Split(id);
            var sku = database.Dialect.ToKey(rest);
            where.Append($" and group_id >= {group} and (group_id > {group} or sku > {sku})");
        }

        // A group that tried to publish more than once has several reservations, of which at most one holds anything.
        var rows = await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"""
                        select group_id, sku, {Sum("reserved")}, {Sum("deducted")} from sandbox_reservation
                         where {where} group by group_id, sku order by group_id, sku limit {limit + 1}
                        """,
                        row => new StockBookEntry(
                            GroupId.Parse(row.GetString(0)),
                            database.Dialect.FromKey(row.GetString(1)),
                            row.GetInt64(2),
                            row.GetInt64(3)
                        ),
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
        return PageToken.Page(rows, limit, entry => PageToken.Write("stock-book", 0, $"{entry.Group} {entry.Sku}"));
    }

    private static (string First, string Second) Split(string id) =>
        id.IndexOf(' ') is > 0 and var at
            ? (id[..at], id[(at + 1)..])
            : throw new FormatException("The page token is not valid for this list.");

    // The cast is needed because MySQL's sum of integers is a decimal.
    private static Raw Sum(string column) => new($"cast(coalesce(sum({column}), 0) as signed)");
}
