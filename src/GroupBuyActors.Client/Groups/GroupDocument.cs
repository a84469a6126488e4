using GroupBuyActors.Groups;

namespace GroupBuyActors.Client;

/// <summary>A group. Amounts are minor units; instants are UTC with milliseconds.</summary>
public sealed record GroupDocument
{
    /// <summary>The group.</summary>
    public required GroupId GroupId { get; init; }

    /// <summary>The state.</summary>
    public required GroupPhase State { get; init; }

    /// <summary>Why it ended; null before its end.</summary>
    public ExpiryReason? Reason { get; init; }

    /// <summary>1 to 200 characters.</summary>
    public required string Title { get; init; }

    /// <summary>The sku that is sold.</summary>
    public required string Sku { get; init; }

    /// <summary>Price of one seat.</summary>
    public required Money UnitPrice { get; init; }

    /// <summary>The threshold: the number of buyers needed.</summary>
    public required int MinGroupSize { get; init; }

    /// <summary>Seats.</summary>
    public required int Capacity { get; init; }

    /// <summary>Seats one buyer may hold.</summary>
    public required int PerUserLimit { get; init; }

    /// <summary>Buyers with an order that holds seats.</summary>
    public required int Buyers { get; init; }

    /// <summary>Buyers with a paid order that holds seats.</summary>
    public required int BuyersPaid { get; init; }

    /// <summary>Seats held, paid or not.</summary>
    public required int SeatsTaken { get; init; }

    /// <summary>Seats held and paid.</summary>
    public required int SeatsPaid { get; init; }

    /// <summary>When it goes on the shelf, from which delays and the deadline count.</summary>
    public required DateTimeOffset ShelfAt { get; init; }

    /// <summary>When joining opens.</summary>
    public required DateTimeOffset OpensAt { get; init; }

    /// <summary>When joining ends; a join at this instant is refused.</summary>
    public required DateTimeOffset Deadline { get; init; }

    /// <summary>
    /// When it will be decided at the latest: the deadline, or the end of an open order's payment window.
    /// </summary>
    public required DateTimeOffset SettlesBy { get; init; }

    /// <summary>The sequence of its last event.</summary>
    public required long Sequence { get; init; }

    /// <summary>The time of its last event.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>How long after <see cref="ShelfAt"/> joining opens.</summary>
    public required TimeSpan OpenDelay { get; init; }

    /// <summary>How long after <see cref="ShelfAt"/> the deadline is.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>How long an order waits for payment.</summary>
    public required TimeSpan PaymentWindow { get; init; }

    /// <summary>How long vouchers are valid.</summary>
    public required TimeSpan VoucherValidity { get; init; }

    /// <summary>How long a redemption can be revoked.</summary>
    public required TimeSpan RevokeWindow { get; init; }

    /// <summary>What happens to the money of unredeemed vouchers.</summary>
    public required LapsePolicy LapsePolicy { get; init; }

    /// <summary>Who counts towards the threshold.</summary>
    public required CountBy CountBy { get; init; }

    /// <summary>When vouchers were issued, or null.</summary>
    public DateTimeOffset? FulfilledAt { get; init; }

    /// <summary>When the vouchers expire, or null; they are valid before this instant.</summary>
    public DateTimeOffset? VouchersValidUntil { get; init; }
}
