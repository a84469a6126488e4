using System.Text;
using GroupBuyActors.Admin;
using GroupBuyActors.Groups;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Reading;

/// <summary>
/// Queries for lists and books. Lists are paged by key: a page starts after the last row of the previous page, so that
/// late pages cost as much as the first.
/// </summary>
internal sealed class GroupQueries(Database database) : IGroupQueries
{
    /// <summary>The page tokens of groups: time of publication and id.</summary>
    public static readonly InstantList GroupList = new("groups");

    /// <summary>The page tokens of a buyer's orders: time of the order and id.</summary>
    public static readonly InstantList OrderList = new("orders");

    /// <inheritdoc/>
    public async Task<Page<GroupView>> GroupsAsync(
        GroupFilter filter,
        string? after,
        int limit,
        CancellationToken cancellation
    )
    {
        var page = await ListedAsync(filter, after, limit, cancellation).ConfigureAwait(false);
        return new Page<GroupView>(page.Items.Select(row => row.View).ToList(), page.Next);
    }

    /// <summary>The same with the time by which they are sorted.</summary>
    // Index: group_view_merchant, group_view_region, group_view_state or group_view_newest, all ending in
    // (published_ms, group_id); terms by primary key.
    public async Task<Page<ListedGroup>> ListedAsync(
        GroupFilter filter,
        string? after,
        int limit,
        CancellationToken cancellation
    )
    {
        var conditions = new List<SqlText>();
        if (filter.MerchantId is { } merchant)
            conditions.Add($"v.merchant_id = {merchant}");
        if (filter.Region is { } region)
            conditions.Add($"v.region = {region}");
        if (filter.State is { } state)
            conditions.Add($"v.state = {StoredNames.Of(state)}");
        if (GroupList.TryRead(after) is var (published, id))
            conditions.Add($"v.published_ms <= {published} and (v.published_ms < {published} or v.group_id < {id})");
        var rows = await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"""
                        select {GroupRows.Columns}, v.published_ms from group_view v
                          join group_terms t on t.group_id = v.group_id{Where(conditions)}
                          order by v.published_ms desc, v.group_id desc limit {limit + 1}
                        """,
                        row => new ListedGroup(GroupRows.Read(row), row.GetInt64(GroupRows.Count)),
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
        return PageToken.Page(rows, limit, row => GroupList.Write((row.PublishedMs, row.View.GroupId.Value)));
    }

    /// <inheritdoc/>
    // Index: order_status_log_user (user_id, placed_ms, order_id, sequence); the newest row of an order by primary key.
    public async Task<Page<OrderView>> UserOrdersAsync(
        string userId,
        string? after,
        int limit,
        CancellationToken cancellation
    )
    {
        var conditions = new List<SqlText> { $"l.user_id = {Encoding.UTF8.GetBytes(userId)}" };
        if (OrderList.TryRead(after) is var (placed, id))
            conditions.Add($"l.placed_ms <= {placed} and (l.placed_ms < {placed} or l.order_id < {id})");
        conditions.Add(
            $"not exists (select 1 from order_status_log n where n.order_id = l.order_id and n.sequence > l.sequence)"
        );
        var rows = await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"""
                        select {OrderRows.Columns} from order_status_log l{Where(conditions)}
                          order by l.placed_ms desc, l.order_id desc limit {limit + 1}
                        """,
                        OrderRows.Read,
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
        return PageToken.Page(
            rows,
            limit,
            order => OrderList.Write((order.PlacedAt.ToUnixTimeMilliseconds(), order.OrderId.ToString()))
        );
    }

    /// <inheritdoc/>
    public Task<MerchantBooks> BooksAsync(long merchantId, DateTimeOffset now, CancellationToken cancellation) =>
        new MerchantBookReader(database).ReadAsync(merchantId, now, cancellation);

    /// <inheritdoc/>
    // Index: group_view_vouchers (shard, state, vouchers_until_ms).
    public async Task<IReadOnlyList<GroupId>> LapsedGroupsAsync(
        ShardId shard,
        DateTimeOffset endedBy,
        GroupId? after,
        int limit,
        CancellationToken cancellation
    )
    {
        SqlText lapsed = $"state = {StoredNames.Of(GroupPhase.Fulfilled)} and vouchers_until_ms <= {Ms(endedBy)}";
        return await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"""
                        select group_id from group_view
                          where shard = {shard.Index} and {lapsed} and group_id > {after?.Value ?? ""}
                          order by group_id limit {limit}
                        """,
                        row => GroupId.Parse(row.GetString(0)),
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    // Index: group_view_settles (state, settles_by_ms), covering.
    public Task<long> StuckGroupsAsync(DateTimeOffset before, CancellationToken cancellation)
    {
        GroupPhase[] open = [GroupPhase.OnShelf, GroupPhase.Opening, GroupPhase.Success];
        var states = SqlText.Values(open.Select(StoredNames.Of));
        return database.ReadAsync(
            (session, ct) =>
                session.NumberAsync(
                    $"select count(*) from group_view where state in ({states}) and settles_by_ms < {Ms(before)}",
                    0,
                    ct
                ),
            cancellation
        );
    }

    /// <inheritdoc/>
    public Task AuditAsync(
        DateTimeOffset time,
        string caller,
        string action,
        string target,
        string? detail,
        CancellationToken cancellation
    )
    {
        SqlText values = $"{Ms(time)}, {Truncate(caller, 128)}, {Truncate(action, 200)}, {Truncate(target, 300)}";
        return database.WriteAsync(
            $"""
            insert into audit_log (time_ms, caller, action, target, detail)
              values ({values}, {(detail is null ? null : Truncate(detail, 8000))})
            """,
            cancellation
        );
    }

    /// <inheritdoc/>
    // Primary key.
    public async Task<Page<AuditDocument>> AuditTrailAsync(string? after, int limit, CancellationToken cancellation)
    {
        var conditions = new List<SqlText>();
        if (PageToken.Read("audit", after) is var (last, _))
            conditions.Add($"id < {last}");
        var rows = await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"""
                        select id, time_ms, caller, action, target, detail from audit_log{Where(conditions)}
                          order by id desc limit {limit + 1}
                        """,
                        row => new AuditDocument(
                            row.GetInt64(0),
                            row.Instant(1),
                            row.GetString(2),
                            row.GetString(3),
                            row.GetString(4),
                            row.Text(5)
                        ),
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
        return PageToken.Page(rows, limit, entry => PageToken.Write("audit", entry.Id, ""));
    }

    private static SqlText Where(List<SqlText> conditions) =>
        conditions.Count == 0 ? new SqlText() : new SqlText().Append($" where {SqlText.Join(" and ", conditions)}");

    private static long Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    private static string Truncate(string text, int length) => text.Length <= length ? text : text[..length];
}
