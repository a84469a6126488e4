using System.Text.Json.Serialization;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Events;

/// <summary>
/// An event of a group. The record is the event's data; type, sequence and time are in <see cref="HistoryItem"/>. Types
/// and properties are only added: see <see cref="GroupEvents"/>.
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
/// <c>group.publication-abandoned</c>: this attempt was abandoned. <paramref name="Reserved"/>: null if inventory never
/// answered.
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

/// <summary>
/// <c>group.expired</c>: ended. <paramref name="LegacyName"/> is the event's name in the replaced system.
/// </summary>
public sealed record GroupExpired(ExpiryReason Reason, string LegacyName = "GROUP_EXPIRED") : GroupEvent;

/// <summary><c>order.placed</c>: a buyer took seats.</summary>
public sealed record OrderPlaced(string UserId, int Quantity, Money Total, DateTimeOffset ClosesAt) : OrderEvent;

/// <summary><c>order.paid</c>.</summary>
public sealed record OrderPaid(string PaymentId, Money Amount) : OrderEvent;

/// <summary><c>order.closed</c>: without payment.</summary>
public sealed record OrderClosed(CloseReason Reason) : OrderEvent;

/// <summary>
/// <c>order.refund-requested</c>: the order's payment is to be refunded. <paramref name="Note"/>: the buyer's reason.
/// </summary>
public sealed record OrderRefundRequested(string PaymentId, Money Amount, RefundReason Reason, string? Note = null)
    : OrderEvent;

/// <summary><c>order.refunded</c>: the order's payment was refunded.</summary>
public sealed record OrderRefunded(string PaymentId, Money Amount) : OrderEvent;

/// <summary><c>payment.excess</c>: a payment that the order does not need was accepted and will be refunded.</summary>
public sealed record PaymentExcess(string PaymentId, Money Amount) : OrderEvent;

/// <summary><c>payment.refunded</c>: an excess payment was refunded.</summary>
public sealed record PaymentRefunded(string PaymentId, Money Amount) : OrderEvent;

/// <summary><c>stock.deducted</c>: <paramref name="Cause"/> numbers the deduction, from 1.</summary>
public sealed record StockDeducted(int Cause, int Units) : GroupEvent;

/// <summary>
/// <c>stock.released</c>: <paramref name="Units"/> of the allocation released, <paramref name="Returned"/> deducted
/// ones returned.
/// </summary>
public sealed record StockReleased(int Cause, int Units, int Returned) : GroupEvent;

/// <summary>
/// <c>voucher.issued</c>. The code is a secret of its buyer: the group's journal has the code without the tail,
/// published events have the tail without the code.
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
/// <paramref name="LastOrder"/> were passed to the notice service.
/// </summary>
public sealed record BuyersNotified(string Kind, int FirstOrder, int LastOrder, int Buyers) : GroupEvent;
