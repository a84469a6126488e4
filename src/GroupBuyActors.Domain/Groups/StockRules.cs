using GroupBuyActors.Events;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Groups;

/// <summary>Decides inventory's answers to deductions and releases.</summary>
internal static class StockRules
{
    public static Decision Decide(GroupState state, GroupCommand.Deducted command, DateTimeOffset now)
    {
        var ledger = state.Ledger;
        if (command.Cause < 1 || command.Cause > ledger.Deductions.Count)
            return Decision.UnknownToTask($"Group {state.Id} has no stock deduction {command.Cause}.");
        var deduction = ledger.Deductions[command.Cause - 1];
        // An answer after compensation changes nothing, because the release undoes this deduction.
        if (deduction.State != DeductionState.InFlight)
            return Decision.Nothing;
        if (command.Reply.Answer == PortAnswer.Done)
            return Decision.OfTask(new StockDeducted(deduction.Cause, deduction.Units));
        if (deduction.Cause == 1)
            return Decision.OfTask(new GroupExpired(ExpiryReason.StockUnavailable));
        return FailFulfilment(state, now);
    }

    public static Decision Decide(GroupState state, GroupCommand.Released command)
    {
        var releases = state.Ledger.Releases;
        if (command.Cause < 1 || command.Cause > releases.Count)
            return Decision.UnknownToTask($"Group {state.Id} has no stock release {command.Cause}.");
        var release = releases[command.Cause - 1];
        return release.Confirmed
            ? Decision.Nothing
            : Decision.OfTask(new StockReleased(release.Cause, release.Units, release.Returned));
    }

    /// <summary>
    /// The stock still missing at fulfilment was refused: orders placed after success are refunded, once, and
    /// fulfilment is decided again. If buyers have requested so many refunds meanwhile that no stock is missing,
    /// fulfilment is decided at once.
    /// </summary>
    private static Decision FailFulfilment(GroupState state, DateTimeOffset now)
    {
        if (state.Orders.SeatsPaid <= state.Ledger.Deducted)
            return Decision.OfTask(Transitions.End(state, now));
        for (var number = state.Orders.CountAtSuccess + 1; number <= state.Orders.Count; number++)
        {
            var order = state.Orders[number];
            if (order.Status == OrderStatus.Paid)
                return Decision.OfTask(
                    FanOut.RefundOf(new OrderId(state.Id, number), order, RefundReason.StockUnavailable)
                );
        }

        throw new InvalidOperationException(
            $"Group {state.Id} lacks stock although no order was placed after its success."
        );
    }
}
