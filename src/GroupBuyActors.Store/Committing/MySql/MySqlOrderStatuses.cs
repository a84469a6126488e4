using GroupBuyActors.Committing;
using GroupBuyActors.Groups;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Store.Committing.MySql;

/// <summary>The rows of a packet that belong to groups: the order status log.</summary>
internal sealed class MySqlOrderStatuses
{
    private readonly List<OrderStatusChange> _statuses = [];

    /// <summary>Adds a row of a commit; throws for a kind of row that this class cannot write.</summary>
    public void Add(KindRow row) =>
        _statuses.Add(row as OrderStatusChange ?? throw new NotSupportedException($"Nobody writes a {row.GetType()}."));

    /// <summary>Writes the added rows, sorted by the key that locks them, and clears the list.</summary>
    public void Write(MySqlText text)
    {
        if (_statuses.Count == 0)
            return;
        _statuses.Sort(static (a, b) => Compare(a, b));
        text.Sql(
            "insert into order_status_log(order_id,sequence,group_id,user_id,status,changed_ms,quantity,amount,"
                + "currency,placed_ms,closes_ms,paid_ms,voucher_tail,voucher_until_ms,redeemed_ms,refunded_ms,"
                + "close_reason)values"
        );
        foreach (var change in _statuses)
        {
            var order = change.Order;
            var group = order.OrderId.Group.Value;
            text.Sql("('")
                .Sql(group)
                .Sql('.')
                .Number(order.OrderId.Number)
                .Sql("',")
                .Number(change.Sequence)
                .Sql(",'")
                .Sql(group)
                .Sql("',")
                .Binary(order.UserId)
                .Sql(',')
                .Text(StoredNames.Of(order.Status))
                .Sql(',')
                .Instant(change.Time)
                .Sql(',')
                .Number(order.Quantity)
                .Sql(',')
                .Number(order.Total.Amount)
                .Sql(',')
                .Text(order.Total.Currency)
                .Sql(',')
                .Instant(order.PlacedAt)
                .Sql(',')
                .Instant(order.ClosesAt)
                .Sql(',')
                .InstantOrNull(order.PaidAt)
                .Sql(',')
                .TextOrNull(order.VoucherTail)
                .Sql(',')
                .InstantOrNull(order.VoucherValidUntil)
                .Sql(',')
                .InstantOrNull(order.RedeemedAt)
                .Sql(',')
                .InstantOrNull(order.RefundedAt)
                .Sql(',')
                .TextOrNull(order.CloseReason is { } reason ? StoredNames.Of(reason) : null)
                .Sql("),");
        }
        text.Back().Sql(';');
        _statuses.Clear();
    }

    private static int Compare(OrderStatusChange a, OrderStatusChange b)
    {
        var groups = string.CompareOrdinal(a.Order.OrderId.Group.Value, b.Order.OrderId.Group.Value);
        if (groups != 0)
            return groups;
        var orders = a.Order.OrderId.Number.CompareTo(b.Order.OrderId.Number);
        return orders != 0 ? orders : a.Sequence.CompareTo(b.Sequence);
    }
}
