namespace GroupBuyActors.Admin;

/// <summary>
/// A merchant's money in one currency: paid = held + settled + refunding + refunded, in minor units. Integers that may
/// need more than 64 bits.
/// </summary>
/// <param name="Currency">ISO 4217.</param> <param name="Paid">All accepted payments.</param> <param name="Held">Held
/// for orders and vouchers.</param> <param name="Settled">The merchant's money: redeemed with the revocation window
/// over, or forfeited.</param> <param name="Refunding">Being refunded.</param> <param name="Refunded">Refunded.</param>
public sealed record CurrencyDocument(
    string Currency,
    Int128 Paid,
    Int128 Held,
    Int128 Settled,
    Int128 Refunding,
    Int128 Refunded
);
