using System.Text;
using GroupBuyActors.Admin;
using GroupBuyActors.Groups;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Reading;

/// <summary>Which groups to list; null: any. Newest publication first.</summary>
internal sealed record GroupFilter(long? MerchantId = null, string? Region = null, GroupPhase? State = null);

/// <summary>
/// Queries for lists and books. Lists are paged by key: a page starts after the last row of the previous page, so that
/// late pages cost as much as the first. <c>after</c> is a page token; an invalid one throws
/// <see cref="FormatException"/>.
/// </summary>
internal sealed class GroupQueries(Database database)
{
    /// <summary>Groups from the projection, which lags by at most 1 s.</summary>
    // Index: group_view_merchant, group_view_region, group_view_state or group_view_newest, all ending in
    // (published_ms, group_id); terms by primary key.
    public async Task<Page<GroupView>> GroupsAsync(
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
        if (PageToken.Read("groups", after) is var (published, id))
            conditions.Add($"v.published_ms <= {published} and (v.published_ms < {published} or v.group_id < {id})");
        var rows = await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"""
                        select {GroupRows.Columns}, v.published_ms, v.group_id from group_view v
                          join group_terms t on t.group_id = v.group_id{Where(conditions)}
                          order by v.published_ms desc, v.group_id desc limit {limit + 1}
                        """,
                        row =>
                            (
                                View: GroupRows.Read(row),
                                Published: row.GetInt64(GroupRows.Count),
                                Id: row.GetString(GroupRows.Count + 1)
                            ),
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
        var page = PageToken.Page(rows, limit, row => PageToken.Write("groups", row.Published, row.Id));
        return new Page<GroupView>(page.Items.Select(row => row.View).ToList(), page.Next);
    }

    /// <summary>A buyer's orders, newest first, from the order status log.</summary>
    // Index: order_status_log_user (user_id, placed_ms, order_id, sequence); the newest row of an order by primary key.
    public async Task<Page<OrderView>> UserOrdersAsync(
        string userId,
        string? after,
        int limit,
        CancellationToken cancellation
    )
    {
        var conditions = new List<SqlText> { $"l.user_id = {Encoding.UTF8.GetBytes(userId)}" };
        if (PageToken.Read("orders", after) is var (placed, id))
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
            order => PageToken.Write("orders", order.PlacedAt.ToUnixTimeMilliseconds(), order.OrderId.ToString())
        );
    }

    /// <summary>
    /// A merchant's books in one consistent read. Payments of redeemed vouchers count as settled once their revocation
    /// window ended by <paramref name="now"/>.
    /// </summary>
    public Task<MerchantBooks> BooksAsync(long merchantId, DateTimeOffset now, CancellationToken cancellation) =>
        new MerchantBookReader(database).ReadAsync(merchantId, now, cancellation);

    /// <summary>Fulfilled groups of a shard whose vouchers ended at or before an instant, by id, after an id.</summary>
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

    /// <summary>The number of groups that should have been settled before an instant and are not.</summary>
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

    /// <summary>Adds an audit entry.</summary>
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

    /// <summary>Audit entries, newest first.</summary>
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
