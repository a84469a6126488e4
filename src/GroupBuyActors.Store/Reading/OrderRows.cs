using System.Data.Common;
using GroupBuyActors.Groups;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Reading;

/// <summary>Maps rows of <c>order_status_log</c> to orders.</summary>
internal static class OrderRows
{
    /// <summary>The columns, in the order that <see cref="Read"/> expects.</summary>
    public static Raw Columns { get; } =
        new(
            "l.order_id, l.user_id, l.status, l.quantity, l.amount, l.currency, l.placed_ms, l.closes_ms, "
                + "l.paid_ms, l.voucher_tail, l.voucher_until_ms, l.redeemed_ms, l.refunded_ms, l.close_reason"
        );

    public static OrderView Read(DbDataReader row) =>
        new()
        {
            OrderId = OrderId.Parse(row.GetString(0)),
            UserId = row.Utf8(1),
            Status = StoredNames.ToOrderStatus(row.GetString(2)),
            Quantity = row.GetInt32(3),
            Total = new Money(row.GetInt64(4), row.GetString(5)),
            PlacedAt = row.Instant(6),
            ClosesAt = row.Instant(7),
            PaidAt = row.InstantOrNull(8),
            VoucherTail = row.IsDBNull(9) ? null : row.GetString(9),
            VoucherValidUntil = row.InstantOrNull(10),
            RedeemedAt = row.InstantOrNull(11),
            RefundedAt = row.InstantOrNull(12),
            CloseReason = row.IsDBNull(13) ? null : StoredNames.ToCloseReason(row.GetString(13)),
        };
}
