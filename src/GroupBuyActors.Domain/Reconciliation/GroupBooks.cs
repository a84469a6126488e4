using GroupBuyActors.Groups;

namespace GroupBuyActors.Reconciliation;

/// <summary>A group's own record of its payments and stock, with what is in progress.</summary>
/// <param name="Stock">Its stock; null if none was ever reserved.</param>
/// <param name="StockMoves">True if a reservation, deduction or release of it has not been answered, so that the port's
/// books may be ahead of ours.</param>
/// <param name="Payments">The accepted payments of the orders asked for.</param>
/// <param name="Awaiting">The numbers of those orders that await payment: when they are closed, the provider is asked,
/// so that payments that were never reported are found.</param>
internal sealed record GroupBooks(
    StockLine? Stock,
    bool StockMoves,
    IReadOnlyList<PaymentEntry> Payments,
    IReadOnlyList<int> Awaiting
)
{
    /// <summary>The books of a group's state.</summary>
    /// <param name="state">The group.</param>
    /// <param name="orders">Numbers of orders; unknown ones are ignored.</param>
    public static GroupBooks Of(GroupState state, IEnumerable<int> orders)
    {
        var known = orders.Select(state.Orders.Find).OfType<Order>().ToList();
        var ledger = state.Ledger;
        var moves =
            state.Phase == GroupPhase.Publishing
            || ledger.InFlight is not null
            || ledger.Releases.Exists(release => !release.Confirmed);
        return new GroupBooks(
            ledger.Reserved == 0 ? null : StockLine.Of(state.Id, state.Stock),
            moves,
            [
                .. known.SelectMany(order =>
                    (order.Payments ?? []).Select(payment => payment.Entry(new OrderId(state.Id, order.Number)))
                ),
            ],
            [.. known.Where(order => order.Status == OrderStatus.PendingPayment).Select(order => order.Number)]
        );
    }
}
