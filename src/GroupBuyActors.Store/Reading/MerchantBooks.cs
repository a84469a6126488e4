using GroupBuyActors.Admin;

namespace GroupBuyActors.Store.Reading;

/// <summary>
/// A merchant's books at one instant; <paramref name="Unbalanced"/> counts the groups for which reserved = outstanding
/// + deducted + released is not true.
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
    /// True if every currency and every group adds up; groups are checked one by one, so that errors of two groups do
    /// not cancel out.
    /// </summary>
    public bool IsBalanced =>
        Unbalanced == 0
        && Currencies.All(line => line.Paid == line.Held + line.Settled + line.Refunding + line.Refunded);
}
