namespace GroupBuyActors.Admin;

/// <summary>
/// One currency: paid = held + settled + refunding + refunded, in minor units. Whole numbers that may need more than 64
/// bits.
/// </summary>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Paid">Accepted.</param>
/// <param name="Held">Kept for orders and vouchers.</param>
/// <param name="Settled">The merchant's: redeemed past the revoke window, or forfeited.</param>
/// <param name="Refunding">On its way back.</param>
/// <param name="Refunded">Back.</param>
public sealed record CurrencyDocument(
    string Currency,
    Int128 Paid,
    Int128 Held,
    Int128 Settled,
    Int128 Refunding,
    Int128 Refunded
);
