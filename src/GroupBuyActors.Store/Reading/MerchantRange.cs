using System.Globalization;

namespace GroupBuyActors.Store.Reading;

/// <summary>
/// The ids of a merchant's groups and orders as a range of a binary key: they all begin with its number and a dot, and
/// in ASCII the slash is the character after the dot.
/// </summary>
internal readonly struct MerchantRange(long merchantId)
{
    /// <summary>The inclusive lower bound.</summary>
    public string First { get; } = string.Create(CultureInfo.InvariantCulture, $"{merchantId}.");

    /// <summary>The exclusive upper bound.</summary>
    public string End { get; } = string.Create(CultureInfo.InvariantCulture, $"{merchantId}/");
}
