using System.Data.Common;
using GroupBuyActors.Admin;
using GroupBuyActors.Groups;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Reading;

/// <summary>
/// A merchant's books: the totals of what is final, and what is live. A live row that was counted before and has
/// changed since is taken out of the totals here, so that the sums are exact whatever was counted and whoever wrote.
/// </summary>
internal sealed class MerchantBookReader(Database database)
{
    private const int Figures = 7;

    private enum Part
    {
        LiveMoney,
        TotalMoney,
        LiveStock,
        TotalStock,
    }

    // One statement, so that money and stock, totals and live rows, are of one moment. Indexes: payment_book_live
    // (covering), group_view_live, and primary keys.
    public async Task<MerchantBooks> ReadAsync(long merchantId, DateTimeOffset now, CancellationToken cancellation)
    {
        SqlText settled =
            $"(state = {(int)PaymentState.Forfeited} or (state = {(int)PaymentState.Redeemed} and settles_ms <= "
            + $"{now.ToUnixTimeMilliseconds()}))";
        SqlText held =
            $"(state = {(int)PaymentState.Held} or (state = {(int)PaymentState.Redeemed} and (settles_ms is "
            + $"null or settles_ms > {now.ToUnixTimeMilliseconds()})))";
        var rows = await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"""
                        select {(int)Part.LiveMoney}, currency, {BookSums.AmountIf($"1 = 1")}, {BookSums.AmountIf(
                            held
                        )}, {BookSums.AmountIf(settled)},
                            {BookSums.AmountIf($"state = {(int)PaymentState.Refunding}")}, {BookSums.AmountIf(
                            $"state = {(int)PaymentState.Refunded}"
                        )},
                            {BookSums.AmountIf($"counted = 1")}, {BookSums.AmountIf($"counted = 2")}
                          from payment_book{database.Dialect.ByIndex(
                            "payment_book_live"
                        )} where is_live = 1 and merchant_id = {merchantId} group by currency
                        union all
                        select {(int)
                            Part.TotalMoney}, currency, settled_high, settled_low, refunded_high, refunded_low,
                            0, 0, 0, 0, 0, 0, 0, 0, 0, 0
                          from payment_total where merchant_id = {merchantId}
                        union all
                        select {(int)Part.LiveStock}, '', 0, {BookSums.Sum(
                            $"reserved - coalesce(counted_deducted, 0) - coalesce(counted_released, 0)"
                        )}, 0, {BookSums.Sum($"outstanding")},
                            0, {BookSums.Sum($"deducted - coalesce(counted_deducted, 0)")}, 0, {BookSums.Sum(
                            $"released - coalesce(counted_released, 0)"
                        )},
                            0, {BookSums.Sum(
                            $"case when reserved = outstanding + deducted + released then 0 else 1 end"
                        )}, 0, 0, 0, 0
                          from group_view{database.Dialect.ByIndex(
                            "group_view_live"
                        )} where is_live = 1 and merchant_id = {merchantId}
                        union all
                        select {(int)
                            Part.TotalStock}, '', 0, deducted + released, 0, 0, 0, deducted, 0,
                            released, 0, 0, 0, 0, 0, 0
                          from stock_total where merchant_id = {merchantId}
                        """,
                        Row,
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
        var stock = rows.Where(row => row.Part is Part.LiveStock or Part.TotalStock).ToList();
        long Units(int figure) => (long)stock.Aggregate(Int128.Zero, (sum, row) => sum + row.Figures[figure]);
        return new MerchantBooks(Money(rows), Units(0), Units(1), Units(2), Units(3), Units(4));
    }

    // Each part is summed by itself: a payment of a state that this release does not know would be in none, and the
    // line would not add up.
    private static List<CurrencyDocument> Money(IEnumerable<BookRow> rows) =>
        [
            .. rows.Where(row => row.Part is Part.LiveMoney or Part.TotalMoney)
                .GroupBy(row => row.Currency)
                .OrderBy(currency => currency.Key, StringComparer.Ordinal)
                .Select(currency => currency.Aggregate(new CurrencyDocument(currency.Key, 0, 0, 0, 0, 0), Add)),
        ];

    private static CurrencyDocument Add(CurrencyDocument sum, BookRow row)
    {
        var figures = row.Figures;
        return row.Part == Part.TotalMoney
            ? sum with
            {
                Paid = sum.Paid + figures[0] + figures[1],
                Settled = sum.Settled + figures[0],
                Refunded = sum.Refunded + figures[1],
            }
            : sum with
            {
                Paid = sum.Paid + figures[0] - figures[5] - figures[6],
                Held = sum.Held + figures[1],
                Settled = sum.Settled + figures[2] - figures[5],
                Refunding = sum.Refunding + figures[3],
                Refunded = sum.Refunded + figures[4] - figures[6],
            };
    }

    private static BookRow Row(DbDataReader row) =>
        new(
            (Part)row.GetInt32(0),
            row.GetString(1),
            [.. Enumerable.Range(0, Figures).Select(figure => BookSums.Whole(row, 2 + 2 * figure))]
        );

    private sealed record BookRow(Part Part, string Currency, Int128[] Figures);
}
