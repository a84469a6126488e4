using GroupBuyActors.Events;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Samples.InventoryView;

/// <summary>The view's row of a group: the same figures as the service's own, computed from its events only.</summary>
/// <param name="Group">The group.</param>
internal sealed record InventoryLine(GroupId Group)
{
    /// <summary>The sequence of the last event that is in these figures: the checkpoint.</summary>
    public long Sequence { get; init; }

    /// <summary>The state of the group.</summary>
    public GroupPhase State { get; init; }

    /// <summary>Why it ended, or null.</summary>
    public ExpiryReason? Reason { get; init; }

    /// <summary>Seats held, paid or not.</summary>
    public int SeatsTaken { get; init; }

    /// <summary>Seats held and paid.</summary>
    public int SeatsPaid { get; init; }

    /// <summary>Units of the whole reservation.</summary>
    public int Reserved { get; init; }

    /// <summary>All units ever deducted, including those returned later.</summary>
    public int DeductedEver { get; init; }

    /// <summary>Reserved units that were released without having been deducted.</summary>
    public int ReleasedUnsold { get; init; }

    /// <summary>Deducted units returned.</summary>
    public int Returned { get; init; }

    /// <summary>Buyers notified of the success.</summary>
    public int BuyersNotified { get; init; }

    /// <summary>Reserved units that are neither deducted nor released.</summary>
    public int Outstanding => Reserved - DeductedEver - ReleasedUnsold;

    /// <summary>Deducted units that were not returned.</summary>
    public int Deducted => DeductedEver - Returned;

    /// <summary>Units that are back in the stock.</summary>
    public int Released => ReleasedUnsold + Returned;

    /// <summary>The row after an event; <paramref name="orders"/> has the group's orders that were loaded.</summary>
    public InventoryLine After(GroupEvent? happened, long sequence, IDictionary<int, OrderLine> orders)
    {
        var line = this with { Sequence = sequence };
        return happened switch
        {
            GroupPublishing => line with { State = GroupPhase.Publishing },
            GroupPublicationAbandoned => line with { State = GroupPhase.None },
            GroupShelved => line with { State = GroupPhase.OnShelf },
            GroupOpened => line with { State = GroupPhase.Opening },
            GroupSucceeded => line with { State = GroupPhase.Success },
            GroupFulfilled => line with { State = GroupPhase.Fulfilled },
            GroupExpired e => line with { State = GroupPhase.Expired, Reason = e.Reason },
            StockReserved e => line with { Reserved = e.Units },
            StockDeducted e => line with { DeductedEver = DeductedEver + e.Units },
            StockReleased e => line with
            {
                ReleasedUnsold = ReleasedUnsold + e.Units,
                Returned = Returned + e.Returned,
            },
            BuyersNotified e => line with { BuyersNotified = BuyersNotified + e.Buyers },
            OrderEvent e => line.After(e, orders),
            // An event that does not concern stock or seats, or of a kind that this release does not know.
            _ => line,
        };
    }

    private InventoryLine After(OrderEvent happened, IDictionary<int, OrderLine> orders)
    {
        var number = happened.OrderId.Number;
        orders.TryGetValue(number, out var before);
        OrderLine? after = happened switch
        {
            OrderPlaced e => new OrderLine(e.Quantity, OrderStatus.PendingPayment),
            OrderPaid => before with { Status = OrderStatus.Paid },
            OrderClosed => before with { Status = OrderStatus.Closed },
            OrderRefundRequested => before with { Status = OrderStatus.Refunding },
            OrderRefunded => before with { Status = OrderStatus.Refunded },
            VoucherIssued or VoucherRedemptionRevoked => before with { Status = OrderStatus.VoucherIssued },
            VoucherRedeemed => before with { Status = OrderStatus.Redeemed },
            VoucherLapsed => before with { Status = OrderStatus.Lapsed },
            _ => null,
        };
        if (after is not { } now)
            return this;
        orders[number] = now;
        return this with
        {
            SeatsTaken = SeatsTaken + now.SeatsTaken - before.SeatsTaken,
            SeatsPaid = SeatsPaid + now.SeatsPaid - before.SeatsPaid,
        };
    }
}

/// <summary>The view's row of an order, from which its seats are computed.</summary>
/// <param name="Quantity">Seats.</param> <param name="Status">The status.</param>
internal readonly record struct OrderLine(int Quantity, OrderStatus Status)
{
    /// <summary>Seats it holds, paid or not.</summary>
    public int SeatsTaken =>
        Status is OrderStatus.Closed or OrderStatus.Refunding or OrderStatus.Refunded ? 0 : Quantity;

    /// <summary>Seats it holds and that are paid.</summary>
    public int SeatsPaid => Status == OrderStatus.PendingPayment ? 0 : SeatsTaken;
}
