using System.Text.Json.Serialization;

namespace GroupBuyActors.Client;

/// <summary>The silos of the cluster.</summary>
/// <param name="Silos">One entry a silo.</param>
public sealed record ClusterDocument(IReadOnlyList<SiloDocument> Silos);

/// <summary>One silo.</summary>
/// <param name="Address">Its address with generation.</param>
/// <param name="Name">Its stable slot name.</param>
/// <param name="Status">Lower case: <c>active, joining, shutting_down, dead…</c>.</param>
/// <param name="Region">The region it prefers, or null.</param>
/// <param name="Groups">Groups active on it.</param>
/// <param name="Shards">Shards it owns.</param>
public sealed record SiloDocument(string Address, string Name, string Status, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Region, int Groups, int Shards);

/// <summary>One owned shard.</summary>
/// <param name="Shard">Such as <c>shard_042_r7</c>.</param>
/// <param name="Owner">Address of the silo that owns its tasks.</param>
/// <param name="OwnerName">Slot name of that silo.</param>
/// <param name="Epoch">Grows with each change of owner.</param>
/// <param name="Backlog">Tasks that are due and not yet done.</param>
public sealed record ShardDocument(ShardId Shard, string? Owner, string? OwnerName, long Epoch, int Backlog);

/// <summary>A timed task as operators see it (SPEC section 3).</summary>
public sealed record TaskDocument
{
    /// <summary>The task's id.</summary>
    public required string TaskId { get; init; }
    /// <summary>Such as <c>order-close</c>.</summary>
    public required string TaskType { get; init; }
    /// <summary>When it is to run.</summary>
    public required DateTimeOffset ExecuteAt { get; init; }
    /// <summary><c>pending, running, success, failed, cancelled, expired, dead</c>.</summary>
    public required string Status { get; init; }
    /// <summary>Tries made that are recorded.</summary>
    public required int RetryCount { get; init; }
    /// <summary>Tries allowed; null without end.</summary>
    public int? MaxRetry { get; init; }
    /// <summary>Optimistic version.</summary>
    public required int Version { get; init; }
    /// <summary>Weight in the order among due tasks.</summary>
    public int PriorityWeight { get; init; }
    /// <summary>How long after its due time it is still worth running; null for ever.</summary>
    public TimeSpan? Ttl { get; init; }
    /// <summary>Its shard.</summary>
    public required ShardId Shard { get; init; }
    /// <summary>The epoch of its shard's ownership, or null.</summary>
    public long? Epoch { get; init; }
    /// <summary>The group it is about, or null.</summary>
    public GroupId? GroupId { get; init; }
    /// <summary>The next try.</summary>
    public DateTimeOffset? NextAt { get; init; }
    /// <summary>W3C traceparent, or null.</summary>
    public string? TraceContext { get; init; }
    /// <summary>Why the last try failed, or null.</summary>
    public string? LastError { get; init; }
}

/// <summary>A merchant's books.</summary>
/// <param name="Currencies">One line a currency.</param>
/// <param name="Stock">Units over all its groups.</param>
/// <param name="Balanced">True where every line adds up; holds at any instant.</param>
public sealed record BooksDocument(IReadOnlyList<CurrencyDocument> Currencies, StockBooksDocument Stock, bool Balanced);

/// <summary>One currency: paid = held + settled + refunding + refunded, in minor units.</summary>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Paid">Accepted.</param>
/// <param name="Held">Kept for orders and vouchers.</param>
/// <param name="Settled">The merchant's: redeemed past the revoke window, or forfeited.</param>
/// <param name="Refunding">On its way back.</param>
/// <param name="Refunded">Back.</param>
public sealed record CurrencyDocument(string Currency, long Paid, long Held, long Settled, long Refunding, long Refunded);

/// <summary>Units: reserved = outstanding + deducted + released.</summary>
/// <param name="Reserved">Ever set aside.</param>
/// <param name="Outstanding">Still set aside.</param>
/// <param name="Deducted">Sold.</param>
/// <param name="Released">Given back.</param>
public sealed record StockBooksDocument(long Reserved, long Outstanding, long Deducted, long Released);

/// <summary>Who changed what.</summary>
/// <param name="Id">Grows.</param>
/// <param name="Time">When.</param>
/// <param name="Caller">The key's name, or <c>open</c>.</param>
/// <param name="Action">Such as <c>group.settle</c>.</param>
/// <param name="Target">What it was done to.</param>
/// <param name="Detail">More, or null.</param>
public sealed record AuditDocument(long Id, DateTimeOffset Time, string Caller, string Action, string Target, string? Detail);
