namespace GroupBuyActors.Groups;

/// <summary>Replies that are not decided by a command.</summary>
internal static class GroupReplies
{
    /// <summary>The present state of the group.</summary>
    public static Reply<GroupView> Of(GroupState state) =>
        state.View() is { } view
            ? new Reply<GroupView> { Value = view }
            : Refused<GroupView>(RefusalCode.GroupNotFound, "The group does not exist.");

    /// <summary>The present state of one of its orders.</summary>
    public static Reply<OrderView> Of(GroupState state, int number) =>
        state.Order(number) is { } order
            ? new Reply<OrderView> { Value = order }
            : Refused<OrderView>(RefusalCode.OrderNotFound, "The order does not exist.");

    /// <summary>The reply for an invalid group id.</summary>
    public static Reply<T> NoGroupId<T>()
        where T : class =>
        typeof(T) == typeof(OrderView)
            ? Refused<T>(RefusalCode.OrderNotFound, "This is not a valid group id.")
            : Refused<T>(RefusalCode.GroupNotFound, "This is not a valid group id.");

    private static Reply<T> Refused<T>(RefusalCode code, string detail)
        where T : class => new() { Refusal = new Refusal(code, detail) };
}
