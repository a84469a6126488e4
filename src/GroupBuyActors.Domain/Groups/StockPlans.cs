using GroupBuyActors.Events;

namespace GroupBuyActors.Groups;

/// <summary>
/// What a successful group's events mean for its stock. Called for every event applied in SUCCESS; everything is a
/// function of the state, so that it comes out the same on a replay.
/// </summary>
internal static class StockPlans
{
    public static void Plan(GroupState state, RecordedEvent recorded)
    {
        if (state.JoiningEnded is null)
            return;
        if (MissesStock(state))
            state.Ledger.PlanDeduction(state.Orders.SeatsPaid - state.Ledger.Deducted, recorded.Sequence);
        if (recorded.Event is GroupJoiningEnded or OrderClosed or OrderRefundRequested)
            PlanUnsellable(state, recorded.Sequence);
    }

    /// <summary>
    /// True where joining is over, nobody owes a payment, enough people paid, and their seats are more than what is
    /// deducted: the difference is deducted once. Checked again at every fulfilment.
    /// </summary>
    private static bool MissesStock(GroupState state) =>
        !state.FulfilmentFailed
        && state.Orders.SeatsPaid > state.Ledger.Deducted
        && IsFulfillable(state)
        && state.Orders.BuyersPaid >= state.RequireTerms().MinGroupSize;

    /// <summary>True where no order awaits payment and no deduction awaits its answer.</summary>
    public static bool IsFulfillable(GroupState state) =>
        state.Orders.CountOf(OrderStatus.PendingPayment) == 0 && state.Ledger.InFlight is null;

    /// <summary>
    /// Units that can no longer be sold are released at once, not only at fulfilment: what neither a deduction nor a
    /// taken seat claims. Where fulfilment comes in this very commit, the release planned there has them all.
    /// </summary>
    private static void PlanUnsellable(GroupState state, long sequence)
    {
        if (IsFulfillable(state))
            return;
        var ledger = state.Ledger;
        var claimed = Math.Max(ledger.Deducted + (ledger.InFlight?.Units ?? 0), state.Orders.SeatsTaken);
        ledger.PlanRelease(ledger.Reserved - ledger.PlannedUnits - claimed, state.Attempt, sequence);
    }
}
