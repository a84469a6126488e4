using System.Data.Common;
using GroupBuyActors.Groups;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Store.Projections;

/// <summary>
/// Adds final rows of merchants' books to their totals, so that the books need not be summed over a merchant's whole
/// past. The rows' mark as counted and the total are written in one transaction. A row that changes afterwards is live
/// again and counted again.
/// </summary>
/// <remarks>
/// Rows of <c>payment_total</c> and <c>stock_total</c>. Candidates are found without a lock by the indexes of live
/// rows. Then each is locked by its primary key, in the order in which projections are written, read again, and counted
/// as it then is.
/// </remarks>
internal sealed class BookTotals(Database database)
{
    private const int Settled = 1,
        Refunded = 2;

    /// <summary>
    /// Counts at most <paramref name="limit"/> payments that are final at an instant, of the next merchant above an id
    /// that has any. Returns how many were counted, and the id after which to continue; null at the end.
    /// </summary>
    // Index payment_book_live (is_live, merchant_id, state, settles_ms, …).
    public async Task<(int Counted, long? Next)> CountPaymentsAsync(
        long above,
        DateTimeOffset now,
        int limit,
        CancellationToken cancellation
    )
    {
        var next = await NextMerchantAsync("payment_book", Final(now), above, cancellation).ConfigureAwait(false);
        if (next is not { } merchant)
            return (0, null);
        var live = database.Dialect.ByIndex("payment_book_live");
        var keys = await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"""
                        select order_id, payment_id from payment_book{live}
                          where is_live = 1 and merchant_id = {merchant} and {Final(now)} limit {limit}
                        """,
                        row => (Order: row.GetString(0), Payment: row.Bytes(1)),
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
        keys.Sort(
            (a, b) =>
                string.CompareOrdinal(a.Order, b.Order) is var orders and not 0
                    ? orders
                    : a.Payment.AsSpan().SequenceCompareTo(b.Payment)
        );
        var counted =
            keys.Count == 0
                ? 0
                : await database
                    .WriteAsync((session, ct) => CountPaymentsAsync(session, merchant, keys, now, ct), cancellation)
                    .ConfigureAwait(false);
        return (counted, keys.Count < limit ? merchant : above);
    }

    /// <summary>The same for the stock of groups that ended before an instant and have no outstanding units.</summary>
    // Index group_view_live (is_live, merchant_id, state, group_id).
    public async Task<(int Counted, long? Next)> CountStockAsync(
        long above,
        DateTimeOffset before,
        int limit,
        CancellationToken cancellation
    )
    {
        SqlText ended =
            $"state = {StoredNames.Of(GroupPhase.Expired)} and outstanding = 0 and reserved = deducted + released "
            + $"and updated_ms < {before.ToUnixTimeMilliseconds()}";
        if (await NextMerchantAsync("group_view", ended, above, cancellation).ConfigureAwait(false) is not { } merchant)
            return (0, null);
        var live = database.Dialect.ByIndex("group_view_live");
        var groups = await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"""
                        select group_id from group_view{live}
                          where is_live = 1 and merchant_id = {merchant} and {ended} order by group_id limit {limit}
                        """,
                        row => GroupId.Parse(row.GetString(0)),
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
        var counted =
            groups.Count == 0
                ? 0
                : await database
                    .WriteAsync((session, ct) => CountStockAsync(session, merchant, groups, ended, ct), cancellation)
                    .ConfigureAwait(false);
        return (counted, groups.Count < limit ? merchant : above);
    }

    /// <summary>
    /// Finds the next merchant with a row to count. Merchants whose groups sleep are passed over within the index, by
    /// one statement a pass and not by one each.
    /// </summary>
    // Index payment_book_live or group_view_live; both have the state, by which nearly all other rows are passed over.
    private Task<long?> NextMerchantAsync(string table, SqlText condition, long above, CancellationToken cancellation)
    {
        var live = database.Dialect.ByIndex($"{table}_live");
        return database.ReadAsync(
            async (session, ct) =>
                (
                    await session
                        .ListAsync(
                            $"""
                            select merchant_id from {new Raw(table)}{live}
                              where is_live = 1 and merchant_id > {above} and {condition}
                              order by merchant_id limit 1
                            """,
                            row => (long?)row.GetInt64(0),
                            ct
                        )
                        .ConfigureAwait(false)
                ).FirstOrDefault(),
            cancellation
        );
    }

    private async Task<int> CountPaymentsAsync(
        DbSession session,
        long merchant,
        List<(string Order, byte[] Payment)> keys,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        // Primary key, in its order.
        var rows = await session
            .ListAllAsync(
                SqlText.Join(
                    "; ",
                    keys.Select(key =>
                        (SqlText)
                            $"""
                                select order_id, payment_id, currency, amount, state, counted from payment_book
                                  where order_id = {key.Order} and payment_id = {key.Payment} and is_live = 1
                                  and {Final(now)}{database.Dialect.ForUpdate}
                                """
                    )
                ),
                Payment,
                cancellation
            )
            .ConfigureAwait(false);
        if (rows.Count == 0)
            return 0;
        var writes = rows.Select(row =>
                (SqlText)
                    $"""
                        update payment_book set counted = {row.Bucket} where order_id = {row.Order}
                          and payment_id = {row.Id}
                        """
            )
            .Concat(
                rows.GroupBy(row => row.Currency)
                    .OrderBy(currency => currency.Key, StringComparer.Ordinal)
                    .Select(currency => Add(merchant, currency.Key, currency))
            );
        await session.ExecuteAsync(SqlText.Join("; ", writes), cancellation).ConfigureAwait(false);
        return rows.Count;
    }

    private async Task<int> CountStockAsync(
        DbSession session,
        long merchant,
        List<GroupId> groups,
        SqlText ended,
        CancellationToken cancellation
    )
    {
        // Primary key, in its order.
        var rows = await session
            .ListAllAsync(
                SqlText.Join(
                    "; ",
                    groups.Select(group =>
                        new SqlText().Append(
                            $"""
                            select group_id, deducted, released, coalesce(counted_deducted, 0),
                              coalesce(counted_released, 0) from group_view where group_id = {group}
                              and is_live = 1 and {ended}{database.Dialect.ForUpdate}
                            """
                        )
                    )
                ),
                row =>
                    (
                        Group: GroupId.Parse(row.GetString(0)),
                        Deducted: row.GetInt64(1) - row.GetInt64(3),
                        Released: row.GetInt64(2) - row.GetInt64(4)
                    ),
                cancellation
            )
            .ConfigureAwait(false);
        if (rows.Count == 0)
            return 0;
        var (deducted, released) = (rows.Sum(row => row.Deducted), rows.Sum(row => row.Released));
        var sums = database.Dialect.OrElseSet(
            ["merchant_id"],
            FormattableString.Invariant(
                $"deducted = stock_total.deducted + ({deducted}), released = stock_total.released + ({released})"
            )
        );
        var writes = rows.Select(row =>
                (SqlText)
                    $"""
                        update group_view set counted_deducted = deducted, counted_released = released
                          where group_id = {row.Group}
                        """
            )
            .Append(
                (SqlText)
                    $"""
                    insert into stock_total (merchant_id, deducted, released)
                      values ({merchant}, {deducted}, {released}){sums}
                    """
            );
        await session.ExecuteAsync(SqlText.Join("; ", writes), cancellation).ConfigureAwait(false);
        return rows.Count;
    }

    private SqlText Add(long merchant, string currency, IEnumerable<CountedPayment> rows)
    {
        var sums = new long[4];
        foreach (var row in rows)
        {
            Into(sums, row.Bucket, row.Amount, 1);
            if (row.CountedBefore is { } before)
                Into(sums, before, row.Amount, -1);
        }

        string[] columns = ["settled_high", "settled_low", "refunded_high", "refunded_low"];
        var added = string.Join(
            ", ",
            columns.Zip(
                sums,
                (column, sum) => FormattableString.Invariant($"{column} = payment_total.{column} + ({sum})")
            )
        );
        var add = database.Dialect.OrElseSet(["merchant_id", "currency"], added);
        return $"""
            insert into payment_total (merchant_id, currency, {new Raw(string.Join(", ", columns))})
              values ({merchant}, {currency}, {sums[0]}, {sums[1]}, {sums[2]}, {sums[3]}){add}
            """;
    }

    private static void Into(long[] sums, int bucket, long amount, int sign)
    {
        var (high, low) = BookSums.Parts(amount, sign);
        sums[bucket == Settled ? 0 : 2] += high;
        sums[bucket == Settled ? 1 : 3] += low;
    }

    /// <summary>The condition for payments that no command changes any more.</summary>
    private static SqlText Final(DateTimeOffset now) =>
        new SqlText().Append(
            $"(state in ({(int)PaymentState.Forfeited}, {(int)PaymentState.Refunded}) or (state = "
                + $"{(int)PaymentState.Redeemed} and settles_ms <= {now.ToUnixTimeMilliseconds()}))"
        );

    private static CountedPayment Payment(DbDataReader row) =>
        new(
            row.GetString(0),
            row.Bytes(1),
            row.GetString(2),
            row.GetInt64(3),
            (PaymentState)row.GetInt32(4) == PaymentState.Refunded ? Refunded : Settled,
            row.IsDBNull(5) ? null : row.GetInt32(5)
        );

    private sealed record CountedPayment(
        string Order,
        byte[] Id,
        string Currency,
        long Amount,
        int Bucket,
        int? CountedBefore
    );
}
