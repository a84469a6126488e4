using GroupBuyActors.Groups;

namespace GroupBuyActors.Reconciliation;

/// <summary>A group's own record of its money and stock, with what is in progress.</summary>
/// <param name="Stock">Its stock; null where none was ever reserved.</param>
/// <param name="StockMoves">True where a reservation, deduction or release of it has not been answered: the port may be
/// ahead of us.</param>
/// <param name="Payments">The accepted payments of the orders asked for.</param>
/// <param name="Awaiting">Of these, orders that await payment: closing them asks the provider, which finds payments
/// that were never reported.</param>
internal sealed record GroupBooks(
    StockLine? Stock,
    bool StockMoves,
    IReadOnlyList<PaymentEntry> Payments,
    IReadOnlyList<int> Awaiting
)
{
    /// <summary>Of a group's state.</summary>
    /// <param name="state">The group.</param>
    /// <param name="orders">Numbers of orders; one that it does not know has nothing.</param>
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
