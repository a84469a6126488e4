using GroupBuyActors.Events;

namespace GroupBuyActors.Groups;

/// <summary>Joining, and cancelling before payment.</summary>
internal static class JoiningRules
{
    private const int UserIdLengthMax = 128;

    public static Decision Decide(GroupState state, GroupCommand.Join join, DateTimeOffset now)
    {
        var (userId, quantity, _) = join.Command;
        if (!TextRules.IsId(userId, UserIdLengthMax) || quantity is < 1 or > TermsRules.CapacityMax)
            return Malformed(userId, quantity);
        if (!state.IsPublished)
            return Decision.GroupNotFound(state);
        var terms = state.RequireTerms();
        if (quantity > terms.Capacity)
            return Malformed(userId, quantity, terms.Capacity);
        if (now < terms.OpensAt)
            return Decision.Refuse(
                RefusalCode.GroupNotOpen,
                $"Joining opens at {terms.OpensAt:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}."
            );
        if (!IsJoinable(state, terms, now))
            return Decision.Refuse(RefusalCode.GroupClosed, $"Group {state.Id} no longer accepts orders.");
        if (state.Orders.SeatsOf(userId) + quantity > terms.PerUserLimit)
            return Decision.Refuse(
                RefusalCode.OrderLimitReached,
                $"A buyer may hold at most {terms.PerUserLimit} seats of this group."
            );
        if (state.Orders.SeatsTaken + quantity > terms.Capacity)
            return Decision.Refuse(
                RefusalCode.GroupFull,
                $"{terms.Capacity - state.Orders.SeatsTaken} of {terms.Capacity} seats are free."
            );

        var number = state.Orders.Count + 1;
        return new Decision
        {
            Events =
            [
                new OrderPlaced(userId, quantity, terms.UnitPrice * quantity, now + terms.PaymentWindow)
                {
                    OrderId = new OrderId(state.Id, number),
                },
            ],
            How = ReplyOutcome.Created,
            Answer = AnswerKind.OrderWithBrief,
            Order = number,
        };
    }

    public static Decision Decide(GroupState state, GroupCommand.Cancel cancel)
    {
        if (state.Orders.Find(cancel.Order) is not { } order)
            return Decision.OrderNotFound(state, cancel.Order);
        return order.Status switch
        {
            OrderStatus.PendingPayment => Decision.OfOrder(
                order.Number,
                ReplyOutcome.Done,
                new OrderClosed(CloseReason.Cancelled) { OrderId = new OrderId(state.Id, order.Number) }
            ),
            OrderStatus.Closed => Decision.OfOrder(order.Number, ReplyOutcome.Done),
            _ => Decision.Refuse(
                RefusalCode.OrderNotCancellable,
                "Only an order that awaits payment can be cancelled."
            ),
        };
    }

    private static bool IsJoinable(GroupState state, GroupTerms terms, DateTimeOffset now) =>
        state.Phase is GroupPhase.OnShelf or GroupPhase.Opening or GroupPhase.Success
        && state.JoiningEnded is null
        && now < terms.Deadline;

    private static Decision Malformed(string userId, int quantity, int capacity = TermsRules.CapacityMax)
    {
        var faults = new Faults();
        faults.Unless(
            TextRules.IsId(userId, UserIdLengthMax),
            "userId",
            $"A user id must have 1 to {UserIdLengthMax} printable characters and must not be \".\" or \"..\"."
        );
        faults.Unless(
            quantity >= 1 && quantity <= capacity,
            "quantity",
            $"The quantity must be between 1 and {capacity} seats."
        );
        return Decision.Invalid(faults.Found);
    }
}
