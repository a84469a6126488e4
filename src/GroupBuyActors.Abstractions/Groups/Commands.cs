namespace GroupBuyActors.Groups;

/// <summary>
/// Makes a command safe to send again: the same id gives the first answer, whatever failed in between.
/// Ids live in the group's state for 24 h.
/// </summary>
/// <param name="Id">1 to 64 characters, unique to the call (scope included by the sender).</param>
/// <param name="Fingerprint">Of the body; the same id with another fingerprint is refused. Empty where the sender has
/// no body to compare.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.RequestKey")]
public sealed record RequestKey([property: Id(0)] string Id, [property: Id(1)] string Fingerprint);

/// <summary>A buyer takes seats.</summary>
/// <param name="UserId">1 to 128 printable characters.</param>
/// <param name="Quantity">Seats, from 1.</param>
/// <param name="Request">For safe repeats; null gives none.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.JoinGroup")]
public sealed record JoinGroup(
    [property: Id(0)] string UserId,
    [property: Id(1)] int Quantity = 1,
    [property: Id(2)] RequestKey? Request = null
);

/// <summary>A payment result.</summary>
/// <param name="Number">The order's number.</param>
/// <param name="PaymentId">1 to 128 printable characters, unique per order.</param>
/// <param name="Amount">What was paid, positive.</param>
/// <param name="Trusted">True from the payment service; else the payment port is asked before it is believed.</param>
/// <param name="Request">For safe repeats; null gives none.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.PayOrder")]
public sealed record PayOrder(
    [property: Id(0)] int Number,
    [property: Id(1)] string PaymentId,
    [property: Id(2)] Money Amount,
    [property: Id(3)] bool Trusted = true,
    [property: Id(4)] RequestKey? Request = null
);

/// <summary>A buyer wants the money back.</summary>
/// <param name="Number">The order's number.</param>
/// <param name="Reason">The buyer's words, at most 500 characters.</param>
/// <param name="Request">For safe repeats; null gives none.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.RequestRefund")]
public sealed record RequestRefund(
    [property: Id(0)] int Number,
    [property: Id(1)] string? Reason = null,
    [property: Id(2)] RequestKey? Request = null
);
