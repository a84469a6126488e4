namespace GroupBuyActors.Groups;

/// <summary>A group as callers see it.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.GroupView")]
public sealed record GroupView
{
    /// <summary>The group.</summary>
    [Id(0)]
    public required GroupId GroupId { get; init; }

    /// <summary>The state.</summary>
    [Id(1)]
    public required GroupPhase State { get; init; }

    /// <summary>Why it ended; null before its end.</summary>
    [Id(2)]
    public ExpiryReason? Reason { get; init; }

    /// <summary>Its terms.</summary>
    [Id(3)]
    public required GroupTerms Terms { get; init; }

    /// <summary>Buyers with an order that holds seats.</summary>
    [Id(4)]
    public required int Buyers { get; init; }

    /// <summary>Buyers with a paid order that holds seats.</summary>
    [Id(5)]
    public required int BuyersPaid { get; init; }

    /// <summary>Seats of PENDING_PAYMENT, PAID, VOUCHER_ISSUED, REDEEMED and LAPSED orders.</summary>
    [Id(6)]
    public required int SeatsTaken { get; init; }

    /// <summary>The same without PENDING_PAYMENT.</summary>
    [Id(7)]
    public required int SeatsPaid { get; init; }

    /// <summary>
    /// When it will be decided at the latest: the deadline, or the last <c>closesAt</c> of an open order of a
    /// successful group past it.
    /// </summary>
    [Id(8)]
    public required DateTimeOffset SettlesBy { get; init; }

    /// <summary>The sequence of its last event.</summary>
    [Id(9)]
    public required long Sequence { get; init; }

    /// <summary>The time of its last event.</summary>
    [Id(10)]
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When vouchers were issued, or null.</summary>
    [Id(11)]
    public DateTimeOffset? FulfilledAt { get; init; }

    /// <summary>When the vouchers expire, or null.</summary>
    [Id(12)]
    public DateTimeOffset? VouchersValidUntil { get; init; }
}

/// <summary>A group in the answer to a join.</summary> <param name="State">The state.</param>
/// <param name="SeatsTaken">Seats held, paid or not.</param>
/// <param name="SeatsPaid">Seats held and paid.</param>
/// <param name="Sequence">The sequence of the last event of the join.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.GroupBrief")]
public sealed record GroupBrief(
    [property: Id(0)] GroupPhase State,
    [property: Id(1)] int SeatsTaken,
    [property: Id(2)] int SeatsPaid,
    [property: Id(3)] long Sequence
);

/// <summary>An order as callers see it.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.OrderView")]
public sealed record OrderView
{
    /// <summary>The order.</summary>
    [Id(0)]
    public required OrderId OrderId { get; init; }

    /// <summary>Its buyer.</summary>
    [Id(1)]
    public required string UserId { get; init; }

    /// <summary>Seats.</summary>
    [Id(2)]
    public required int Quantity { get; init; }

    /// <summary>The amount to be paid.</summary>
    [Id(3)]
    public required Money Total { get; init; }

    /// <summary>The state.</summary>
    [Id(4)]
    public required OrderStatus Status { get; init; }

    /// <summary>When it was placed.</summary>
    [Id(5)]
    public required DateTimeOffset PlacedAt { get; init; }

    /// <summary>When its payment window ends.</summary>
    [Id(6)]
    public required DateTimeOffset ClosesAt { get; init; }

    /// <summary>When it was paid, or null.</summary>
    [Id(7)]
    public DateTimeOffset? PaidAt { get; init; }

    /// <summary>Its voucher, or null: a secret, for its buyer and operators only. Lists do not have it.</summary>
    [Id(8)]
    public VoucherCode? VoucherCode { get; init; }

    /// <summary>When the voucher expires, or null; it is valid before this instant.</summary>
    [Id(9)]
    public DateTimeOffset? VoucherValidUntil { get; init; }

    /// <summary>When it was redeemed, or null.</summary>
    [Id(10)]
    public DateTimeOffset? RedeemedAt { get; init; }

    /// <summary>When it was refunded, or null.</summary>
    [Id(11)]
    public DateTimeOffset? RefundedAt { get; init; }

    /// <summary>Why it was closed, or null.</summary>
    [Id(12)]
    public CloseReason? CloseReason { get; init; }

    /// <summary>In the answer to a join: the group after the join; otherwise null.</summary>
    [Id(13)]
    public GroupBrief? Group { get; init; }

    /// <summary>The last 4 characters of its voucher, or null.</summary>
    [Id(14)]
    public string? VoucherTail { get; init; }
}
