namespace GroupBuyActors.Store.Reading;

/// <summary>
/// A currency's line of a merchant's books. paid = held + settled + refunding + refunded. Each payment fits 64 bits;
/// the sum of many need not.
/// </summary>
internal sealed record CurrencyBooks(
    string Currency,
    Int128 Paid,
    Int128 Held,
    Int128 Settled,
    Int128 Refunding,
    Int128 Refunded
);

/// <summary>
/// A merchant's books at one instant; <paramref name="Unbalanced"/> counts groups of which reserved = outstanding +
/// deducted + released does not hold.
/// </summary>
internal sealed record MerchantBooks(
    IReadOnlyList<CurrencyBooks> Currencies,
    long Reserved,
    long Outstanding,
    long Deducted,
    long Released,
    long Unbalanced
)
{
    /// <summary>
    /// True where every line adds up: each group's units for themselves, so that one group's error does not make up for
    /// another's.
    /// </summary>
    public bool IsBalanced =>
        Unbalanced == 0
        && Currencies.All(line => line.Paid == line.Held + line.Settled + line.Refunding + line.Refunded);
}
