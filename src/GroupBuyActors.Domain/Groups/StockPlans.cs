using GroupBuyActors.Events;

namespace GroupBuyActors.Groups;

/// <summary>
/// Plans deductions and releases that follow from a successful group's events. Called for every event applied in
/// SUCCESS. The plans depend on the state only, so that a replay results in the same plans.
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
    /// True if joining is over, no order awaits payment, enough buyers have paid, and their seats are more than the
    /// deducted units: then the difference is deducted once. Checked again at every fulfilment.
    /// </summary>
    private static bool MissesStock(GroupState state) =>
        !state.FulfilmentFailed
        && state.Orders.SeatsPaid > state.Ledger.Deducted
        && IsFulfillable(state)
        && state.Orders.BuyersPaid >= state.RequireTerms().MinGroupSize;

    /// <summary>True if no order awaits payment and no deduction awaits its answer.</summary>
    public static bool IsFulfillable(GroupState state) =>
        state.Orders.CountOf(OrderStatus.PendingPayment) == 0 && state.Ledger.InFlight is null;

    /// <summary>
    /// Plans the release of units that can no longer be sold, those needed neither by a deduction nor by a taken seat,
    /// at once instead of at fulfilment. If fulfilment follows in the same commit, its release contains them all.
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
