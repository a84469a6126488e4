using System.Text.Json.Serialization;

namespace GroupBuyActors.Groups;

/// <summary>
/// An order in its group's state. The JSON names are those of snapshots; new releases only add names.
/// </summary>
internal sealed class Order
{
    [JsonIgnore]
    public int Number { get; set; }

    [JsonPropertyName("user")]
    public string UserId { get; init; } = "";

    [JsonPropertyName("quantity")]
    public int Quantity { get; init; }

    /// <summary>In minor units of the currency of the group's terms.</summary>
    [JsonPropertyName("total")]
    public long Total { get; init; }

    [JsonPropertyName("status"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public OrderStatus Status { get; set; }

    [JsonPropertyName("placed")]
    public DateTimeOffset PlacedAt { get; init; }

    /// <summary>The sequence of <c>order.placed</c>, which is in the id of its <c>order-close</c> task.</summary>
    [JsonPropertyName("sequence")]
    public long PlacedSequence { get; init; }

    [JsonPropertyName("closes")]
    public DateTimeOffset ClosesAt { get; init; }

    [JsonPropertyName("paid")]
    public DateTimeOffset? PaidAt { get; set; }

    [JsonPropertyName("secret")]
    public string? VoucherSecret { get; set; }

    [JsonPropertyName("valid")]
    public DateTimeOffset? VoucherValidUntil { get; set; }

    [JsonPropertyName("redeemed")]
    public DateTimeOffset? RedeemedAt { get; set; }

    [JsonPropertyName("refunded")]
    public DateTimeOffset? RefundedAt { get; set; }

    [JsonPropertyName("closed")]
    public CloseReason? CloseReason { get; set; }

    [JsonPropertyName("refund")]
    public RefundReason? RefundReason { get; set; }

    [JsonPropertyName("payments")]
    public List<Payment>? Payments { get; set; }

    /// <summary>The payment that belongs to the order; all others are excess payments.</summary>
    [JsonIgnore]
    public Payment? Main => Payments?.Find(payment => !payment.Excess);

    public Payment? FindPayment(string paymentId)
    {
        if (Payments is null)
            return null;
        foreach (var payment in Payments)
            if (payment.Id == paymentId)
                return payment;
        return null;
    }

    public Payment Take(Payment payment)
    {
        (Payments ??= new List<Payment>(1)).Add(payment);
        return payment;
    }
}

/// <summary>An accepted payment; kept for ever, so that a repeated report gets the same answer.</summary>
internal sealed class Payment
{
    [JsonPropertyName("id")]
    public string Id { get; init; } = "";

    [JsonPropertyName("amount")]
    public long Amount { get; init; }

    [JsonPropertyName("currency")]
    public string Currency { get; init; } = "";

    /// <summary>True for an excess payment, whose refund does not change the order's status.</summary>
    [JsonPropertyName("excess"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Excess { get; init; }

    /// <summary>True if it was made after its order was closed.</summary>
    [JsonPropertyName("late"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Late { get; init; }

    [JsonPropertyName("state"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [JsonConverter(typeof(JsonStringEnumConverter<PaymentState>))]
    public PaymentState State { get; set; }

    [JsonPropertyName("settles")]
    public DateTimeOffset? FinalAt { get; set; }

    [JsonIgnore]
    public Money Money => new(Amount, Currency);

    /// <summary>The outcome of its first answer, which every repetition gets.</summary>
    [JsonIgnore]
    public ReplyOutcome Outcome => Excess || Late ? ReplyOutcome.Accepted : ReplyOutcome.Done;

    public PaymentEntry Entry(OrderId order) => new(order, Id, Money, State, FinalAt);
}

/// <summary>The transitions between order statuses, and what each status counts as.</summary>
internal static class OrderStatuses
{
    /// <summary>True for statuses whose orders hold seats.</summary>
    public static bool HoldsSeats(this OrderStatus status) =>
        status
            is OrderStatus.PendingPayment
                or OrderStatus.Paid
                or OrderStatus.VoucherIssued
                or OrderStatus.Redeemed
                or OrderStatus.Lapsed;

    /// <summary>True for statuses whose orders hold paid seats.</summary>
    public static bool HoldsPaidSeats(this OrderStatus status) =>
        status != OrderStatus.PendingPayment && status.HoldsSeats();

    /// <summary>True if an order may change from one status to the other.</summary>
    public static bool MayBecome(this OrderStatus from, OrderStatus to) =>
        (from, to) switch
        {
            (OrderStatus.PendingPayment, OrderStatus.Paid or OrderStatus.Closed) => true,
            (OrderStatus.Paid, OrderStatus.VoucherIssued or OrderStatus.Refunding) => true,
            (OrderStatus.VoucherIssued, OrderStatus.Redeemed or OrderStatus.Lapsed or OrderStatus.Refunding) => true,
            (OrderStatus.Redeemed, OrderStatus.VoucherIssued) => true,
            (OrderStatus.Lapsed or OrderStatus.Closed, OrderStatus.Refunding) => true,
            (OrderStatus.Refunding, OrderStatus.Refunded) => true,
            _ => false,
        };
}
