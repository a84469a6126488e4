namespace GroupBuyActors.Groups;

/// <summary>
/// Lists and histories for callers inside the cluster's network, read from the store by the silo that is called. Any
/// key is right; it has no state. A call that throws may be repeated.
/// </summary>
[Alias("groupbuy.IGroupQueryGrain")]
public interface IGroupQueryGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Lists groups, newest first; lags behind changes by at most a second. <paramref name="limit"/>: 1 to 500.
    /// </summary>
    [Alias("ListGroups")]
    Task<Reply<ListPage<GroupView>>> ListGroups(GroupListFilter filter, string? after, int limit);

    /// <summary>Lists a buyer's orders, newest first, without vouchers' codes.</summary>
    [Alias("ListUserOrders")]
    Task<Reply<ListPage<OrderView>>> ListUserOrders(string userId, string? after, int limit);

    /// <summary>
    /// Reads a group's events after a sequence, oldest first; empty if there are none or the group does not exist.
    /// </summary>
    [Alias("ReadHistory")]
    Task<Reply<ListPage<StoredEvent>>> ReadHistory(GroupId group, long after, int limit);
}

/// <summary>Which groups to list; null: any.</summary>
/// <param name="MerchantId">Those of a merchant.</param>
/// <param name="Region">Those of a region.</param>
/// <param name="State">Those in a state.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.GroupListFilter")]
public sealed record GroupListFilter(
    [property: Id(0)] long? MerchantId = null,
    [property: Id(1)] string? Region = null,
    [property: Id(2)] GroupPhase? State = null
);

/// <summary>One page of a list.</summary>
/// <param name="Items">The items.</param>
/// <param name="Next">The <c>after</c> of the next page; null at the end.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.ListPage`1")]
public sealed record ListPage<T>([property: Id(0)] T[] Items, [property: Id(1)] string? Next);

/// <summary>A stored event of a group.</summary>
/// <param name="Sequence">Its number in its group, from 1.</param>
/// <param name="Type">Such as <c>order.placed</c>.</param>
/// <param name="Time">When it was decided.</param>
/// <param name="Json">Its data as JSON in UTF-8, without secrets.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.StoredEvent")]
public sealed record StoredEvent(
    [property: Id(0)] long Sequence,
    [property: Id(1)] string Type,
    [property: Id(2)] DateTimeOffset Time,
    [property: Id(3)] byte[] Json
);
