using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace GroupBuyActors.Store.Slots;

/// <summary>The merchant slots that one database holds, both ends included; written <c>64-127</c>.</summary>
internal readonly record struct SlotRange(int First, int Last)
{
    /// <summary>All merchant slots.</summary>
    public static readonly SlotRange All = new(0, ShardId.MerchantSlots - 1);

    public bool Contains(int slot) => slot >= First && slot <= Last;

    public bool Contains(ShardId shard) => Contains(shard.MerchantSlot);

    /// <summary>
    /// The range as a setting gives it; false if the text is not two numbers and a hyphen or underscore.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out SlotRange range)
    {
        range = default;
        // Some tools allow no hyphen in the name of a variable.
        var parts = (text ?? "").Split('-', '_');
        if (parts.Length != 2 || !TryReadNumber(parts[0], out var first) || !TryReadNumber(parts[1], out var last))
            return false;
        range = new SlotRange(first, last);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");

    private static bool TryReadNumber(string text, out int number) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
