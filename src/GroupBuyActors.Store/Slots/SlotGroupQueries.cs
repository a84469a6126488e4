using GroupBuyActors.Admin;
using GroupBuyActors.Groups;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Store.Slots;

/// <summary>
/// Lists and books over several databases. A list of one merchant is in one of them; other lists are merged, and fail
/// if one does not answer, because without its rows they would look complete and not be.
/// </summary>
internal sealed class SlotGroupQueries(SlotStores stores) : IGroupQueries
{
    private static readonly KeysetMerge<ListedGroup, (long Instant, string Id)> Groups = new(
        group => (group.PublishedMs, group.View.GroupId.Value),
        token => GroupQueries.GroupList.Read(token),
        position => GroupQueries.GroupList.Write(position),
        KeysetOrder.Latest
    );

    private static readonly KeysetMerge<OrderView, (long Instant, string Id)> Orders = new(
        order => (order.PlacedAt.ToUnixTimeMilliseconds(), order.OrderId.ToString()),
        token => GroupQueries.OrderList.Read(token),
        position => GroupQueries.OrderList.Write(position),
        KeysetOrder.Latest
    );

    public async Task<Page<GroupView>> GroupsAsync(
        GroupFilter filter,
        string? after,
        int limit,
        CancellationToken cancellation
    )
    {
        if (filter.MerchantId is { } merchant)
            return await stores
                .OfMerchant(merchant)
                .Groups.GroupsAsync(filter, after, limit, cancellation)
                .ConfigureAwait(false);
        var page = Groups.Page(
            await stores
                .AllAsync(store => store.Groups.ListedAsync(filter, after, limit, cancellation))
                .ConfigureAwait(false),
            limit
        );
        return new Page<GroupView>([.. page.Items.Select(group => group.View)], page.Next);
    }

    public async Task<Page<OrderView>> UserOrdersAsync(
        string userId,
        string? after,
        int limit,
        CancellationToken cancellation
    ) =>
        Orders.Page(
            await stores
                .AllAsync(store => store.Groups.UserOrdersAsync(userId, after, limit, cancellation))
                .ConfigureAwait(false),
            limit
        );

    public Task<MerchantBooks> BooksAsync(long merchantId, DateTimeOffset now, CancellationToken cancellation) =>
        stores.OfMerchant(merchantId).Groups.BooksAsync(merchantId, now, cancellation);

    public Task<IReadOnlyList<GroupId>> LapsedGroupsAsync(
        ShardId shard,
        DateTimeOffset endedBy,
        GroupId? after,
        int limit,
        CancellationToken cancellation
    ) => stores.Of(shard).Groups.LapsedGroupsAsync(shard, endedBy, after, limit, cancellation);

    /// <summary>Those of the databases that answer: groups of the others can do nothing now.</summary>
    public async Task<long> StuckGroupsAsync(DateTimeOffset before, CancellationToken cancellation)
    {
        var counts = await stores
            .FromEachAsync(stores.All, (store, ct) => store.Groups.StuckGroupsAsync(before, ct), cancellation)
            .ConfigureAwait(false);
        return counts.Sum();
    }

    public Task AuditAsync(
        DateTimeOffset time,
        string caller,
        string action,
        string target,
        string? detail,
        CancellationToken cancellation
    ) => stores.First.Groups.AuditAsync(time, caller, action, target, detail, cancellation);

    public Task<Page<AuditDocument>> AuditTrailAsync(string? after, int limit, CancellationToken cancellation) =>
        stores.First.Groups.AuditTrailAsync(after, limit, cancellation);
}
