using GroupBuyActors.Admin;
using GroupBuyActors.Groups;
using GroupBuyActors.Reading;

namespace GroupBuyActors.Store.Reading;

/// <summary>Which groups to list; null: any. Newest publication first.</summary>
internal sealed record GroupFilter(long? MerchantId = null, string? Region = null, GroupPhase? State = null);

/// <summary>A group of a list, with the time by which the list is sorted.</summary>
internal readonly record struct ListedGroup(GroupView View, long PublishedMs);

/// <summary>
/// Lists and books. Lists are paged by key. <c>after</c> is a page token; an invalid one throws
/// <see cref="FormatException"/>.
/// </summary>
internal interface IGroupQueries
{
    /// <summary>Groups from the projection, which lags by at most 1 s.</summary>
    Task<Page<GroupView>> GroupsAsync(GroupFilter filter, string? after, int limit, CancellationToken cancellation);

    /// <summary>A buyer's orders, newest first, from the order status log.</summary>
    Task<Page<OrderView>> UserOrdersAsync(string userId, string? after, int limit, CancellationToken cancellation);

    /// <summary>
    /// A merchant's books in one consistent read. Payments of redeemed vouchers count as settled once their revocation
    /// window ended by <paramref name="now"/>.
    /// </summary>
    Task<MerchantBooks> BooksAsync(long merchantId, DateTimeOffset now, CancellationToken cancellation);

    /// <summary>Fulfilled groups of a shard whose vouchers ended at or before an instant, by id, after an id.</summary>
    Task<IReadOnlyList<GroupId>> LapsedGroupsAsync(
        ShardId shard,
        DateTimeOffset endedBy,
        GroupId? after,
        int limit,
        CancellationToken cancellation
    );

    /// <summary>The number of groups that should have been settled before an instant and are not.</summary>
    Task<long> StuckGroupsAsync(DateTimeOffset before, CancellationToken cancellation);

    /// <summary>Adds an audit entry.</summary>
    Task AuditAsync(
        DateTimeOffset time,
        string caller,
        string action,
        string target,
        string? detail,
        CancellationToken cancellation
    );

    /// <summary>Audit entries, newest first.</summary>
    Task<Page<AuditDocument>> AuditTrailAsync(string? after, int limit, CancellationToken cancellation);
}
