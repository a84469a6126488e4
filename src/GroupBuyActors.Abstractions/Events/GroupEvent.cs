using System.Text.Json.Serialization;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Events;

/// <summary>
/// Something that happened to a group. The record is the event's data; type, sequence and time are in
/// <see cref="HistoryItem"/>. Names and shapes only grow: see <see cref="GroupEvents"/>.
/// </summary>
public abstract record GroupEvent
{
    /// <summary>The order it is about, or null where it is about the group.</summary>
    [JsonIgnore]
    public virtual OrderId? Order => null;
}

/// <summary>An event that is about one order.</summary>
public abstract record OrderEvent : GroupEvent
{
    /// <summary>The order.</summary>
    [JsonPropertyOrder(-1)]
    public required OrderId OrderId { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public sealed override OrderId? Order => OrderId;
}

/// <summary>
/// <c>group.publishing</c>: a publication has begun; stock is being reserved under a key with the attempt.
/// </summary>
public sealed record GroupPublishing(int Attempt, GroupTermsRequest Offer, GroupTerms Terms) : GroupEvent;

/// <summary>
/// <c>group.publication-abandoned</c>: this attempt is given up. <paramref name="Reserved"/>: null where inventory
/// never answered.
/// </summary>
public sealed record GroupPublicationAbandoned(int Attempt, string Reason, bool? Reserved) : GroupEvent;

/// <summary><c>stock.reserved</c>: the allocation for the whole capacity.</summary>
public sealed record StockReserved(int Attempt, int Units) : GroupEvent;

/// <summary><c>group.shelved</c>: published.</summary>
public sealed record GroupShelved(DateTimeOffset ShelfAt, DateTimeOffset OpensAt, DateTimeOffset Deadline) : GroupEvent;

/// <summary><c>group.opened</c>: its first order.</summary>
public sealed record GroupOpened : GroupEvent;

/// <summary><c>group.succeeded</c>: the threshold was reached.</summary>
public sealed record GroupSucceeded(int Buyers, int SeatsTaken) : GroupEvent;

/// <summary><c>group.joining-ended</c>: nobody can join any more.</summary>
public sealed record GroupJoiningEnded(JoiningEndReason Reason) : GroupEvent;

/// <summary><c>group.fulfilled</c>: vouchers are issued.</summary>
public sealed record GroupFulfilled(int Orders, DateTimeOffset VouchersValidUntil) : GroupEvent;

/// <summary><c>group.expired</c>: ended. <paramref name="LegacyName"/> is what the replaced system called it.</summary>
public sealed record GroupExpired(ExpiryReason Reason, string LegacyName = "GROUP_EXPIRED") : GroupEvent;

/// <summary><c>order.placed</c>: a buyer took seats.</summary>
public sealed record OrderPlaced(string UserId, int Quantity, Money Total, DateTimeOffset ClosesAt) : OrderEvent;

/// <summary><c>order.paid</c>.</summary>
public sealed record OrderPaid(string PaymentId, Money Amount) : OrderEvent;

/// <summary><c>order.closed</c>: without payment.</summary>
public sealed record OrderClosed(CloseReason Reason) : OrderEvent;

/// <summary>
/// <c>order.refund-requested</c>: the order's money goes back. <paramref name="Note"/>: the buyer's words.
/// </summary>
public sealed record OrderRefundRequested(string PaymentId, Money Amount, RefundReason Reason, string? Note = null)
    : OrderEvent;

/// <summary><c>order.refunded</c>: the order's money is back.</summary>
public sealed record OrderRefunded(string PaymentId, Money Amount) : OrderEvent;

/// <summary><c>payment.excess</c>: money beyond what the order needs was accepted and goes back beside it.</summary>
public sealed record PaymentExcess(string PaymentId, Money Amount) : OrderEvent;

/// <summary><c>payment.refunded</c>: excess money is back.</summary>
public sealed record PaymentRefunded(string PaymentId, Money Amount) : OrderEvent;

/// <summary><c>stock.deducted</c>: <paramref name="Cause"/> numbers the deduction, from 1.</summary>
public sealed record StockDeducted(int Cause, int Units) : GroupEvent;

/// <summary>
/// <c>stock.released</c>: <paramref name="Units"/> of the allocation released, <paramref name="Returned"/> deducted
/// ones returned.
/// </summary>
public sealed record StockReleased(int Cause, int Units, int Returned) : GroupEvent;

/// <summary>
/// <c>voucher.issued</c>. The code is a secret between its buyer and the merchant: only the group's journal has it, and
/// no tail; what is published has the tail, and no code.
/// </summary>
public sealed record VoucherIssued(VoucherCode? VoucherCode, DateTimeOffset ValidUntil, string? VoucherTail = null)
    : OrderEvent;

/// <summary><c>voucher.redeemed</c>.</summary>
public sealed record VoucherRedeemed : OrderEvent;

/// <summary><c>voucher.redemption-revoked</c>.</summary>
public sealed record VoucherRedemptionRevoked : OrderEvent;

/// <summary><c>voucher.lapsed</c>: its validity ended unredeemed.</summary>
public sealed record VoucherLapsed : OrderEvent;

/// <summary>
/// <c>buyers.notified</c>: notices of one kind to the buyers of orders <paramref name="FirstOrder"/> to
/// <paramref name="LastOrder"/> are handed over.
/// </summary>
public sealed record BuyersNotified(string Kind, int FirstOrder, int LastOrder, int Buyers) : GroupEvent;
