namespace GroupBuyActors.Groups;

/// <summary>Whether anything may still happen to a group by itself.</summary>
internal static class GroupEnd
{
    /// <summary>
    /// True if the group has ended (or was never shelved) and its state waits for nothing: no order with money or a
    /// voucher, no redemption that may be revoked, no stock, no pending fan-out. A late payment may still come from
    /// outside; it is decided on the stored state.
    /// </summary>
    public static bool IsOver(GroupState state, DateTimeOffset now) =>
        state.Phase is GroupPhase.Expired or GroupPhase.None
        && state.Sequence > 0
        && state.Stock.Outstanding == 0
        && !NeededTasks.AreAny(state)
        && state.Orders.All.All(order => IsOver(order, now));

    private static bool IsOver(Order order, DateTimeOffset now) =>
        order.Status switch
        {
            OrderStatus.Closed or OrderStatus.Refunded or OrderStatus.Lapsed => true,
            OrderStatus.Redeemed => order.Main?.FinalAt is not { } finalAt || finalAt <= now,
            _ => false,
        };
}
