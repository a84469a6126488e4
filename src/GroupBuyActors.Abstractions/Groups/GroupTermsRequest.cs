namespace GroupBuyActors.Groups;

/// <summary>A merchant's request to publish a group; omitted properties have the defaults given here.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.GroupTermsRequest")]
public sealed record GroupTermsRequest
{
    /// <summary>1 to 200 characters.</summary>
    [Id(0)]
    public required string Title { get; init; }

    /// <summary>1 to 64 characters.</summary>
    [Id(1)]
    public required string Sku { get; init; }

    /// <summary>Price of one seat, at least 1 minor unit.</summary>
    [Id(2)]
    public required Money UnitPrice { get; init; }

    /// <summary>The threshold: the number of buyers needed; 1 to 100,000, default 3.</summary>
    [Id(3)]
    public int? MinGroupSize { get; init; }

    /// <summary>Seats: at least <see cref="MinGroupSize"/>, which is the default, at most 100,000.</summary>
    [Id(4)]
    public int? Capacity { get; init; }

    /// <summary>Seats one buyer may hold, default 1.</summary>
    [Id(5)]
    public int? PerUserLimit { get; init; }

    /// <summary>When the group goes on the shelf; default: when it is published.</summary>
    [Id(6)]
    public DateTimeOffset? ShelfAt { get; init; }

    /// <summary>How long after <see cref="ShelfAt"/> joining opens; default 0, below <see cref="Timeout"/>.</summary>
    [Id(7)]
    public TimeSpan? OpenDelay { get; init; }

    /// <summary>How long after <see cref="ShelfAt"/> the deadline is; default 24 h.</summary>
    [Id(8)]
    public TimeSpan? Timeout { get; init; }

    /// <summary>How long an order waits for payment; default 30 min.</summary>
    [Id(9)]
    public TimeSpan? PaymentWindow { get; init; }

    /// <summary>How long vouchers are valid; default 30 days.</summary>
    [Id(10)]
    public TimeSpan? VoucherValidity { get; init; }

    /// <summary>How long a redemption can be revoked; default 1 h.</summary>
    [Id(11)]
    public TimeSpan? RevokeWindow { get; init; }

    /// <summary>Default <see cref="GroupBuyActors.Groups.LapsePolicy.Refund"/>.</summary>
    [Id(12)]
    public LapsePolicy? LapsePolicy { get; init; }

    /// <summary>Default <see cref="GroupBuyActors.Groups.CountBy.Joined"/>.</summary>
    [Id(13)]
    public CountBy? CountBy { get; init; }
}

/// <summary>A group's complete terms, which never change after publication.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.GroupTerms")]
public sealed record GroupTerms
{
    /// <summary>1 to 200 characters.</summary>
    [Id(0)]
    public required string Title { get; init; }

    /// <summary>1 to 64 characters.</summary>
    [Id(1)]
    public required string Sku { get; init; }

    /// <summary>Price of one seat.</summary>
    [Id(2)]
    public required Money UnitPrice { get; init; }

    /// <summary>The threshold: the number of buyers needed.</summary>
    [Id(3)]
    public required int MinGroupSize { get; init; }

    /// <summary>Seats.</summary>
    [Id(4)]
    public required int Capacity { get; init; }

    /// <summary>Seats one buyer may hold.</summary>
    [Id(5)]
    public required int PerUserLimit { get; init; }

    /// <summary>When the group goes on the shelf (UTC, milliseconds).</summary>
    [Id(6)]
    public required DateTimeOffset ShelfAt { get; init; }

    /// <summary>How long after <see cref="ShelfAt"/> joining opens.</summary>
    [Id(7)]
    public required TimeSpan OpenDelay { get; init; }

    /// <summary>How long after <see cref="ShelfAt"/> the deadline is.</summary>
    [Id(8)]
    public required TimeSpan Timeout { get; init; }

    /// <summary>How long an order waits for payment.</summary>
    [Id(9)]
    public required TimeSpan PaymentWindow { get; init; }

    /// <summary>How long vouchers are valid.</summary>
    [Id(10)]
    public required TimeSpan VoucherValidity { get; init; }

    /// <summary>How long a redemption can be revoked.</summary>
    [Id(11)]
    public required TimeSpan RevokeWindow { get; init; }

    /// <summary>What happens to the money of unredeemed vouchers.</summary>
    [Id(12)]
    public required LapsePolicy LapsePolicy { get; init; }

    /// <summary>Who counts towards the threshold.</summary>
    [Id(13)]
    public required CountBy CountBy { get; init; }

    /// <summary>When joining opens.</summary>
    public DateTimeOffset OpensAt => ShelfAt + OpenDelay;

    /// <summary>When joining ends; a join at this instant is refused.</summary>
    public DateTimeOffset Deadline => ShelfAt + Timeout;
}
