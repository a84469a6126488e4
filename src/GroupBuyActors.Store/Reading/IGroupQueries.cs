using GroupBuyActors.Groups;
using GroupBuyActors.Reading;

namespace GroupBuyActors.Store.Reading;

/// <summary>Which groups to list; null = any. Newest publication first.</summary>
internal sealed record GroupFilter(long? MerchantId = null, string? Region = null, GroupPhase? State = null);

/// <summary>
/// A currency's line of a merchant's books. paid = held + settled + refunding + refunded. Each payment fits 64 bits;
/// the sum of many need not.
/// </summary>
internal sealed record CurrencyBooks(
    string Currency,
    Int128 Paid,
    Int128 Held,
    Int128 Settled,
    Int128 Refunding,
    Int128 Refunded
);

/// <summary>
/// A merchant's books at one instant; <paramref name="Unbalanced"/> counts groups of which reserved = outstanding +
/// deducted + released does not hold.
/// </summary>
internal sealed record MerchantBooks(
    IReadOnlyList<CurrencyBooks> Currencies,
    long Reserved,
    long Outstanding,
    long Deducted,
    long Released,
    long Unbalanced
)
{
    /// <summary>
    /// True where every line adds up: each group's units for themselves, so that one group's error does not make up for
    /// another's.
    /// </summary>
    public bool IsBalanced =>
        Unbalanced == 0
        && Currencies.All(line => line.Paid == line.Held + line.Settled + line.Refunding + line.Refunded);
}

/// <summary>Who changed what.</summary>
internal sealed record AuditEntry(
    long Id,
    DateTimeOffset Time,
    string Caller,
    string Action,
    string Target,
    string? Detail
);

/// <summary>
/// Lists and sums. <c>after</c> is a page's opaque mark; a mark that is none throws <see cref="FormatException"/>.
/// </summary>
internal interface IGroupQueries
{
    /// <summary>Groups from the projection (lags at most 1 s).</summary>
    Task<Page<GroupView>> GroupsAsync(GroupFilter filter, string? after, int limit, CancellationToken cancellation);

    /// <summary>A buyer's orders, newest first, from the order status log.</summary>
    Task<Page<OrderView>> UserOrdersAsync(string userId, string? after, int limit, CancellationToken cancellation);

    /// <summary>
    /// A merchant's books in one consistent read; settled counts redemptions whose revoke window ended before
    /// <paramref name="now"/>.
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

    /// <summary>How many groups are past their time to be settled before an instant.</summary>
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
    Task<Page<AuditEntry>> AuditTrailAsync(string? after, int limit, CancellationToken cancellation);
}
