using System.Text;
using GroupBuyActors.Groups;
using GroupBuyActors.Reconciliation;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Reading;

/// <summary>
/// Reads our books entry by entry, in the order of <see cref="BookKey"/>, from the projections, which lag by at most 1
/// s.
/// </summary>
internal sealed class BookReader(Database database)
{
    /// <summary>A merchant's payments after a key.</summary>
    // Range on the primary key (order_id, payment_id): a merchant's orders all begin with its number and a dot.
    public async Task<IReadOnlyList<PaymentEntry>> PaymentsAsync(
        long merchantId,
        BookKey? after,
        int limit,
        CancellationToken cancellation
    )
    {
        var range = new MerchantRange(merchantId);
        SqlText where = $"order_id >= {after?.Id ?? range.First} and order_id < {range.End}";
        if (after is { } last)
            where.Append($" and (order_id > {last.Id} or payment_id > {Encoding.UTF8.GetBytes(last.Part)})");
        return await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"""
                        select order_id, payment_id, amount, currency, state, settles_ms from payment_book
                          where {where} order by order_id, payment_id limit {limit}
                        """,
                        row => new PaymentEntry(
                            OrderId.Parse(row.GetString(0)),
                            row.Utf8(1),
                            new Money(row.GetInt64(2), row.GetString(3)),
                            (PaymentState)row.GetInt32(4),
                            row.InstantOrNull(5)
                        ),
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
    }

    /// <summary>The stock of a merchant's groups after a key.</summary>
    // Range on the primary key (group_id).
    public async Task<IReadOnlyList<StockLine>> StockAsync(
        long merchantId,
        BookKey? after,
        int limit,
        CancellationToken cancellation
    )
    {
        var range = new MerchantRange(merchantId);
        return await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"""
                        select group_id, outstanding, deducted from group_view
                          where group_id > {after?.Id ?? range.First} and group_id < {range.End}
                          order by group_id limit {limit}
                        """,
                        row => new StockLine(GroupId.Parse(row.GetString(0)), row.GetInt64(1), row.GetInt64(2)),
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
    }

    /// <summary>Merchants of a slot (0 to 127) with any group, in ascending order, above an id.</summary>
    // Index: group_view_vouchers, for the slot's sixteen shards: one group in 128 is read.
    public async Task<IReadOnlyList<long>> MerchantsAsync(
        int slot,
        long above,
        int limit,
        CancellationToken cancellation
    )
    {
        var first = slot * ShardId.RegionSlots;
        return await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"""
                        select distinct merchant_id from group_view where shard >= {first}
                          and shard < {first + ShardId.RegionSlots} and merchant_id > {above}
                          order by merchant_id limit {limit}
                        """,
                        row => row.GetInt64(0),
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
    }
}
