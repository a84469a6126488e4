using GroupBuyActors.Admin;

namespace GroupBuyActors.Store.Reading;

/// <summary>
/// A merchant's books at one instant; <paramref name="Unbalanced"/> counts groups of which reserved = outstanding +
/// deducted + released does not hold.
/// </summary>
internal sealed record MerchantBooks(
    IReadOnlyList<CurrencyDocument> Currencies,
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
