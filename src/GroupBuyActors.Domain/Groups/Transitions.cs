using GroupBuyActors.Events;

namespace GroupBuyActors.Groups;

/// <summary>
/// The group's own transitions: the events that follow from its state and the time, one at a time until none is due.
/// </summary>
internal static class Transitions
{
    /// <summary>
    /// The next transition that is due, or null. With <paramref name="mayLapse"/>, vouchers whose validity is over
    /// lapse.
    /// </summary>
    public static GroupEvent? Next(GroupState state, DateTimeOffset now, bool mayLapse) =>
        state.Phase switch
        {
            GroupPhase.OnShelf when now >= state.RequireTerms().Deadline => new GroupExpired(ExpiryReason.Timeout),
            GroupPhase.OnShelf when state.Orders.Count > 0 => new GroupOpened(),
            GroupPhase.Opening => NextOfOpening(state, now),
            GroupPhase.Success => NextOfSuccess(state, now),
            GroupPhase.Fulfilled when mayLapse && state.OrderWork is null && now >= state.VouchersValidUntil =>
                new GroupExpired(ExpiryReason.VouchersLapsed),
            _ => null,
        };

    /// <summary>
    /// How a fulfilment without missing stock ends: with vouchers if enough buyers have paid, otherwise without.
    /// </summary>
    public static GroupEvent End(GroupState state, DateTimeOffset now)
    {
        var terms = state.RequireTerms();
        return state.Orders.BuyersPaid < terms.MinGroupSize
            ? new GroupExpired(ExpiryReason.PaymentShortfall)
            : new GroupFulfilled(state.Orders.CountOf(OrderStatus.Paid), now + terms.VoucherValidity);
    }

    private static GroupEvent? NextOfOpening(GroupState state, DateTimeOffset now)
    {
        var terms = state.RequireTerms();
        if (now >= terms.Deadline)
            return new GroupExpired(ExpiryReason.Timeout);
        var counted = terms.CountBy == CountBy.Paid ? state.Orders.BuyersPaid : state.Orders.Buyers;
        return counted >= terms.MinGroupSize ? new GroupSucceeded(state.Orders.Buyers, state.Orders.SeatsTaken) : null;
    }

    private static GroupEvent? NextOfSuccess(GroupState state, DateTimeOffset now)
    {
        var terms = state.RequireTerms();
        if (state.JoiningEnded is null && now >= terms.Deadline)
            return new GroupJoiningEnded(JoiningEndReason.Deadline);
        if (!StockPlans.IsFulfillable(state) || state.OrderWork is not null)
            return null;
        if (state.JoiningEnded is not null)
            return End(state, now);
        return state.Orders.SeatsTaken >= terms.Capacity ? new GroupJoiningEnded(JoiningEndReason.Full) : null;
    }
}
