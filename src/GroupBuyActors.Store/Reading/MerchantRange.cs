using System.Globalization;

namespace GroupBuyActors.Store.Reading;

/// <summary>
/// The ids of a merchant's groups and orders, as a range of a binary key: they all begin with its number and a dot, and
/// a slash is the next character.
/// </summary>
internal readonly struct MerchantRange(long merchantId)
{
    /// <summary>None of its ids is before this.</summary>
    public string First { get; } = string.Create(CultureInfo.InvariantCulture, $"{merchantId}.");

    /// <summary>All of its ids are before this.</summary>
    public string End { get; } = string.Create(CultureInfo.InvariantCulture, $"{merchantId}/");
}
