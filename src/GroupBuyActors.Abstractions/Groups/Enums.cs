using System.Text.Json.Serialization;

namespace GroupBuyActors.Groups;

/// <summary>The state of a group: ON_SHELF → OPENING → SUCCESS → FULFILLED → EXPIRED.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GroupPhase>))]
public enum GroupPhase
{
    /// <summary>Never published, or its publication was abandoned. GET answers 404.</summary>
    [JsonStringEnumMemberName("NONE")]
    None,

    /// <summary>Its publication waits for stock. GET answers 404.</summary>
    [JsonStringEnumMemberName("PUBLISHING")]
    Publishing,

    /// <summary>Published, no order yet.</summary>
    [JsonStringEnumMemberName("ON_SHELF")]
    OnShelf,

    /// <summary>Has orders, below its threshold.</summary>
    [JsonStringEnumMemberName("OPENING")]
    Opening,

    /// <summary>The threshold was reached in time.</summary>
    [JsonStringEnumMemberName("SUCCESS")]
    Success,

    /// <summary>Vouchers are issued.</summary>
    [JsonStringEnumMemberName("FULFILLED")]
    Fulfilled,

    /// <summary>Ended.</summary>
    [JsonStringEnumMemberName("EXPIRED")]
    Expired,
}

/// <summary>The status of an order.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OrderStatus>))]
public enum OrderStatus
{
    /// <summary>Placed, waiting for payment.</summary>
    [JsonStringEnumMemberName("PENDING_PAYMENT")]
    PendingPayment,

    /// <summary>Paid.</summary>
    [JsonStringEnumMemberName("PAID")]
    Paid,

    /// <summary>Its voucher can be redeemed.</summary>
    [JsonStringEnumMemberName("VOUCHER_ISSUED")]
    VoucherIssued,

    /// <summary>Its voucher was redeemed.</summary>
    [JsonStringEnumMemberName("REDEEMED")]
    Redeemed,

    /// <summary>Its voucher expired without redemption.</summary>
    [JsonStringEnumMemberName("LAPSED")]
    Lapsed,

    /// <summary>Closed without payment.</summary>
    [JsonStringEnumMemberName("CLOSED")]
    Closed,

    /// <summary>Its payment is being refunded.</summary>
    [JsonStringEnumMemberName("REFUNDING")]
    Refunding,

    /// <summary>Its payment was refunded.</summary>
    [JsonStringEnumMemberName("REFUNDED")]
    Refunded,
}

/// <summary>What happens to the money of vouchers that expire without redemption.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LapsePolicy>))]
public enum LapsePolicy
{
    /// <summary>It is refunded to the buyer (default).</summary>
    [JsonStringEnumMemberName("refund")]
    Refund,

    /// <summary>The merchant keeps it.</summary>
    [JsonStringEnumMemberName("forfeit")]
    Forfeit,
}

/// <summary>Who counts towards the threshold.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CountBy>))]
public enum CountBy
{
    /// <summary>Buyers with an order placed or paid (default).</summary>
    [JsonStringEnumMemberName("joined")]
    Joined,

    /// <summary>Buyers with a paid order.</summary>
    [JsonStringEnumMemberName("paid")]
    Paid,
}

/// <summary>Why a group ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ExpiryReason>))]
public enum ExpiryReason
{
    /// <summary>The deadline passed below the threshold.</summary>
    [JsonStringEnumMemberName("timeout")]
    Timeout,

    /// <summary>The merchant withdrew it.</summary>
    [JsonStringEnumMemberName("withdrawn")]
    Withdrawn,

    /// <summary>Too few of its buyers paid.</summary>
    [JsonStringEnumMemberName("payment_shortfall")]
    PaymentShortfall,

    /// <summary>Its stock could not be deducted.</summary>
    [JsonStringEnumMemberName("stock_unavailable")]
    StockUnavailable,

    /// <summary>Its vouchers' validity ended.</summary>
    [JsonStringEnumMemberName("vouchers_lapsed")]
    VouchersLapsed,
}

/// <summary>Why an order was closed without payment.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CloseReason>))]
public enum CloseReason
{
    /// <summary>Its payment window is over.</summary>
    [JsonStringEnumMemberName("payment_window_over")]
    PaymentWindowOver,

    /// <summary>Its buyer cancelled it.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,

    /// <summary>Its group ended.</summary>
    [JsonStringEnumMemberName("group_ended")]
    GroupEnded,
}

/// <summary>Why a payment is refunded.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RefundReason>))]
public enum RefundReason
{
    /// <summary>The buyer requested it.</summary>
    [JsonStringEnumMemberName("buyer_request")]
    BuyerRequest,

    /// <summary>The group ended without success.</summary>
    [JsonStringEnumMemberName("group_ended")]
    GroupEnded,

    /// <summary>Stock for orders placed after success could not be deducted.</summary>
    [JsonStringEnumMemberName("stock_unavailable")]
    StockUnavailable,

    /// <summary>The payment was for a closed order.</summary>
    [JsonStringEnumMemberName("late_payment")]
    LatePayment,

    /// <summary>The voucher expired without redemption.</summary>
    [JsonStringEnumMemberName("voucher_lapsed")]
    VoucherLapsed,
}

/// <summary>Why joining ended in SUCCESS.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JoiningEndReason>))]
public enum JoiningEndReason
{
    /// <summary>Every seat is taken and paid.</summary>
    [JsonStringEnumMemberName("full")]
    Full,

    /// <summary>The deadline passed.</summary>
    [JsonStringEnumMemberName("deadline")]
    Deadline,

    /// <summary>The merchant ended it.</summary>
    [JsonStringEnumMemberName("ended_early")]
    EndedEarly,
}
