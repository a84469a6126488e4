namespace GroupBuyActors.Groups;

/// <summary> Makes a command safe to repeat: the same id gets the first answer, whatever failed in between. The group
/// remembers ids for 24 h. </summary> <param name="Id">1 to 64 characters, unique for the call; the sender includes the
/// scope.</param> <param name="Fingerprint">A hash of the body; the same id with another fingerprint is refused. Empty
/// if there is no body to compare.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.RequestKey")]
public sealed record RequestKey([property: Id(0)] string Id, [property: Id(1)] string Fingerprint);

/// <summary>The command to join: a buyer takes seats.</summary>
/// <param name="UserId">1 to 128 printable characters.</param>
/// <param name="Quantity">Seats, from 1.</param> <param name="Request">Makes the command safe to repeat; null: it is
/// not.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.JoinGroup")]
public sealed record JoinGroup(
    [property: Id(0)] string UserId,
    [property: Id(1)] int Quantity = 1,
    [property: Id(2)] RequestKey? Request = null
);

/// <summary>A payment result.</summary>
/// <param name="Number">The order's number.</param>
/// <param name="PaymentId">1 to 128 printable characters, unique per order.</param> <param name="Amount">The paid
/// amount, positive.</param> <param name="Trusted">True if the payment service reports it; otherwise the payment port
/// is queried before it is accepted.</param> <param name="Request">Makes the command safe to repeat; null: it is
/// not.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.PayOrder")]
public sealed record PayOrder(
    [property: Id(0)] int Number,
    [property: Id(1)] string PaymentId,
    [property: Id(2)] Money Amount,
    [property: Id(3)] bool Trusted = true,
    [property: Id(4)] RequestKey? Request = null
);

/// <summary>The command to request a refund.</summary>
/// <param name="Number">The order's number.</param>
/// <param name="Reason">The buyer's words, at most 500 characters.</param> <param name="Request">Makes the command safe
/// to repeat; null: it is not.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.RequestRefund")]
public sealed record RequestRefund(
    [property: Id(0)] int Number,
    [property: Id(1)] string? Reason = null,
    [property: Id(2)] RequestKey? Request = null
);
