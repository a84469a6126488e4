using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Serialization;

namespace GroupBuyActors;

/// <summary>
/// A slice of merchants and regions, whose tasks one silo owns: merchant slot <c>merchantId % 128</c> and region slot
/// <c>FNV-1a(region) % 16</c>, written <c>shard_042_r7</c>. The hash is stable across processes, machines and releases.
/// </summary>
[GenerateSerializer, Immutable, Alias("groupbuy.ShardId")]
[JsonConverter(typeof(ParsableJsonConverter<ShardId>))]
public readonly record struct ShardId : ISpanParsable<ShardId>
{
    /// <summary>Number of merchant slots.</summary>
    public const int MerchantSlots = 128;

    /// <summary>Number of region slots.</summary>
    public const int RegionSlots = 16;

    /// <summary>Number of shards: 2,048.</summary>
    public const int Count = MerchantSlots * RegionSlots;

    /// <summary>The shard with an index from 0 to 2,047.</summary>
    public ShardId(int index)
    {
        if ((uint)index >= Count)
            throw new ArgumentOutOfRangeException(nameof(index), index, "A shard index must be between 0 and 2047.");
        Index = index;
    }

    /// <summary><c>merchantSlot * 16 + regionSlot</c>, 0 to 2,047: the number stored in databases.</summary>
    [Id(0)]
    public int Index { get; private init; }

    /// <summary>0 to 127.</summary>
    public int MerchantSlot => Index / RegionSlots;

    /// <summary>0 to 15.</summary>
    public int RegionSlot => Index % RegionSlots;

    /// <summary>The shard of a merchant in a region.</summary>
    public static ShardId Of(long merchantId, ReadOnlySpan<char> region) =>
        new((int)(merchantId % MerchantSlots) * RegionSlots + RegionSlotOf(region));

    /// <summary>The region slot of a region, 0 to 15.</summary>
    public static int RegionSlotOf(ReadOnlySpan<char> region) => (int)(StableHash.Of(region) % RegionSlots);

    /// <summary>Reads <c>shard_042_r7</c>, or throws <see cref="FormatException"/>.</summary>
    public static ShardId Parse(string text) => Parse(text.AsSpan(), null);

    /// <inheritdoc/>
    public static ShardId Parse(ReadOnlySpan<char> s, IFormatProvider? provider) =>
        TryParse(s, provider, out var id)
            ? id
            : throw new FormatException("A shard must be written like shard_042_r7.");

    /// <inheritdoc/>
    public static ShardId Parse(string s, IFormatProvider? provider) => Parse(s.AsSpan(), provider);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out ShardId result) =>
        TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out ShardId result)
    {
        result = default;
        if (
            s.Length is < 12 or > 13
            || !s.StartsWith("shard_", StringComparison.Ordinal)
            || !s[9..].StartsWith("_r", StringComparison.Ordinal)
        )
            return false;
        if (
            !int.TryParse(s[6..9], NumberStyles.None, CultureInfo.InvariantCulture, out var merchant)
            || merchant >= MerchantSlots
        )
            return false;
        if (
            !int.TryParse(s[11..], NumberStyles.None, CultureInfo.InvariantCulture, out var region)
            || region >= RegionSlots
        )
            return false;
        result = new ShardId(merchant * RegionSlots + region);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"shard_{MerchantSlot:D3}_r{RegionSlot}");
}
