using GroupBuyActors.Groups;

namespace GroupBuyActors.Client;

/// <summary>An order.</summary>
public sealed record OrderDocument
{
    /// <summary>The order.</summary>
    public required OrderId OrderId { get; init; }

    /// <summary>Its group.</summary>
    public required GroupId GroupId { get; init; }

    /// <summary>Its buyer.</summary>
    public required string UserId { get; init; }

    /// <summary>Seats.</summary>
    public required int Quantity { get; init; }

    /// <summary>The amount to be paid.</summary>
    public required Money Total { get; init; }

    /// <summary>The status.</summary>
    public required OrderStatus Status { get; init; }

    /// <summary>When it was placed.</summary>
    public required DateTimeOffset PlacedAt { get; init; }

    /// <summary>When its payment window ends.</summary>
    public required DateTimeOffset ClosesAt { get; init; }

    /// <summary>When it was paid, or null.</summary>
    public DateTimeOffset? PaidAt { get; init; }

    /// <summary>
    /// Its voucher's code, a secret: only set if its buyer or an operator reads the order itself; otherwise null.
    /// </summary>
    public VoucherCode? VoucherCode { get; init; }

    /// <summary>The last 4 characters of its voucher's code, or null if it has no voucher.</summary>
    public string? VoucherTail { get; init; }

    /// <summary>When the voucher expires, or null; it is valid before this instant.</summary>
    public DateTimeOffset? VoucherValidUntil { get; init; }

    /// <summary>When it was redeemed, or null.</summary>
    public DateTimeOffset? RedeemedAt { get; init; }

    /// <summary>When it was refunded, or null.</summary>
    public DateTimeOffset? RefundedAt { get; init; }

    /// <summary>Why it was closed, or null.</summary>
    public CloseReason? CloseReason { get; init; }

    /// <summary>In the answer to a join: the group after the join; otherwise null.</summary>
    public GroupBrief? Group { get; init; }
}

/// <summary>The request to join a group.</summary>
/// <param name="UserId">1 to 128 printable characters.</param>
/// <param name="Quantity">Seats, default 1.</param>
public sealed record JoinDocument(string UserId, int? Quantity = null);

/// <summary>A payment result.</summary>
/// <param name="PaymentId">1 to 128 printable characters, unique per order.</param>
/// <param name="Amount">Minor units, positive.</param>
/// <param name="Currency">ISO 4217.</param>
public sealed record PaymentDocument(string PaymentId, long Amount, string Currency);

/// <summary>The request for a refund.</summary>
/// <param name="Reason">The buyer's words, at most 500 characters.</param>
public sealed record RefundDocument(string? Reason = null);

/// <summary>The answer to a payment result.</summary> <param name="Order">The order after it.</param>
/// <param name="ToBeRefunded">True if the payment was accepted but will be refunded (202).</param>
public sealed record PaymentTaken(OrderDocument Order, bool ToBeRefunded);
