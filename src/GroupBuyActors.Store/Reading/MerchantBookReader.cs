using System.Data.Common;
using GroupBuyActors.Admin;
using GroupBuyActors.Groups;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Reading;

/// <summary>
/// Reads a merchant's books: the totals of final rows, and the live rows. A live row that was counted before and has
/// changed since is subtracted from the totals here, so that the sums are exact at any time.
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

    // One statement, so that money and stock, totals and live rows, are read at the same moment. Indexes:
    // payment_book_live (covering), group_view_live, and primary keys.
    public async Task<MerchantBooks> ReadAsync(long merchantId, DateTimeOffset now, CancellationToken cancellation)
    {
        SqlText settled =
            $"(state = {(int)PaymentState.Forfeited} or (state = {(int)PaymentState.Redeemed} and settles_ms <= "
            + $"{now.ToUnixTimeMilliseconds()}))";
        SqlText held =
            $"(state = {(int)PaymentState.Held} or (state = {(int)PaymentState.Redeemed} and (settles_ms is "
            + $"null or settles_ms > {now.ToUnixTimeMilliseconds()})))";
        var sql = MoneyOf(merchantId, settled, held);
        sql.Append($" union all {StockOf(merchantId)}");
        var rows = await database
            .ReadAsync((session, ct) => session.ListAsync(sql, Row, ct), cancellation)
            .ConfigureAwait(false);
        var stock = rows.Where(row => row.Part is Part.LiveStock or Part.TotalStock).ToList();
        long Units(int figure) => (long)stock.Aggregate(Int128.Zero, (sum, row) => sum + row.Figures[figure]);
        return new MerchantBooks(Money(rows), Units(0), Units(1), Units(2), Units(3), Units(4));
    }

    /// <summary>The live rows, and the totals; the figures of each are in the order of <see cref="Row"/>.</summary>
    private SqlText MoneyOf(long merchantId, SqlText settled, SqlText held)
    {
        SqlText all = $"1 = 1";
        SqlText refunding = $"state = {(int)PaymentState.Refunding}";
        SqlText refunded = $"state = {(int)PaymentState.Refunded}";
        var live = database.Dialect.ByIndex("payment_book_live");
        return $"""
            select {(int)Part.LiveMoney}, currency, {BookSums.AmountIf(all)}, {BookSums.AmountIf(held)},
                {BookSums.AmountIf(settled)}, {BookSums.AmountIf(refunding)}, {BookSums.AmountIf(refunded)},
                {BookSums.AmountIf($"counted = 1")}, {BookSums.AmountIf($"counted = 2")}
              from payment_book{live} where is_live = 1 and merchant_id = {merchantId} group by currency
            union all
            select {(int)Part.TotalMoney}, currency, settled_high, settled_low, refunded_high, refunded_low,
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0
              from payment_total where merchant_id = {merchantId}
            """;
    }

    private SqlText StockOf(long merchantId)
    {
        SqlText reserved = $"reserved - coalesce(counted_deducted, 0) - coalesce(counted_released, 0)";
        SqlText deducted = $"deducted - coalesce(counted_deducted, 0)";
        SqlText released = $"released - coalesce(counted_released, 0)";
        SqlText unbalanced = $"case when reserved = outstanding + deducted + released then 0 else 1 end";
        var live = database.Dialect.ByIndex("group_view_live");
        return $"""
            select {(int)Part.LiveStock}, '', 0, {BookSums.Sum(reserved)}, 0, {BookSums.Sum($"outstanding")},
                0, {BookSums.Sum(deducted)}, 0, {BookSums.Sum(released)},
                0, {BookSums.Sum(unbalanced)}, 0, 0, 0, 0
              from group_view{live} where is_live = 1 and merchant_id = {merchantId}
            union all
            select {(int)Part.TotalStock}, '', 0, deducted + released, 0, 0, 0, deducted, 0, released,
                0, 0, 0, 0, 0, 0
              from stock_total where merchant_id = {merchantId}
            """;
    }

    // Each part is summed by itself: a payment in a state that this release does not know would be in none of them, and
    // the books would be reported as not balanced.
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
