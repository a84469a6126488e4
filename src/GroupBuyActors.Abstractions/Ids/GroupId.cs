using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace GroupBuyActors;

/// <summary>
/// The id of a group: <c>{merchantId}.{region}.{code}</c>, for example <c>10042.SH-PUDONG.tea-1123</c>. Merchant and
/// region determine the <see cref="Shard"/> without a look-up. At most 119 ASCII characters.
/// </summary>
[GenerateSerializer, Immutable, Alias("groupbuy.GroupId")]
[JsonConverter(typeof(ParsableJsonConverter<GroupId>))]
public readonly partial record struct GroupId : ISpanParsable<GroupId>
{
    [Id(0)]
    private readonly string? _value;

    private GroupId(string value) => _value = value;

    /// <summary>The whole id as text.</summary>
    public string Value => _value ?? throw new InvalidOperationException("The GroupId was never set and has no value.");

    /// <summary>True for <c>default</c>, which is no group's id.</summary>
    public bool IsUnset => _value is null;

    /// <summary>The merchant: a positive 64-bit integer.</summary>
    public long MerchantId =>
        long.Parse(Value.AsSpan(0, Value.IndexOf('.')), NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>The region, such as <c>SH-PUDONG</c>.</summary>
    public string Region => Value[(Value.IndexOf('.') + 1)..Value.LastIndexOf('.')];

    /// <summary>The merchant's own code for the group.</summary>
    public string Code => Value[(Value.LastIndexOf('.') + 1)..];

    /// <summary>The shard of this merchant and region.</summary>
    public ShardId Shard
    {
        get
        {
            var text = Value.AsSpan();
            var first = text.IndexOf('.');
            var merchant = long.Parse(text[..first], NumberStyles.None, CultureInfo.InvariantCulture);
            return ShardId.Of(merchant, text[(first + 1)..text.LastIndexOf('.')]);
        }
    }

    /// <summary>Reads an id, or throws <see cref="FormatException"/> with the expected format.</summary>
    public static GroupId Parse(string text) => Parse(text.AsSpan(), null);

    /// <inheritdoc/>
    public static GroupId Parse(ReadOnlySpan<char> s, IFormatProvider? provider) =>
        TryParse(s, provider, out var id)
            ? id
            : throw new FormatException(
                "A group id must be {merchantId}.{region}.{code}, for example 10042.SH-PUDONG.tea-1123."
            );

    /// <inheritdoc/>
    public static GroupId Parse(string s, IFormatProvider? provider) => Parse(s.AsSpan(), provider);

    /// <summary>Reads an id; false if the text is not one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out GroupId id) =>
        TryParse(text.AsSpan(), null, out id);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out GroupId result) =>
        TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out GroupId result)
    {
        result = default;
        if (s.Length is 0 or > 119 || !Shape().IsMatch(s))
            return false;
        if (!long.TryParse(s[..s.IndexOf('.')], NumberStyles.None, CultureInfo.InvariantCulture, out _))
            return false;
        result = new GroupId(s.ToString());
        return true;
    }

    /// <summary>True if the text is a region: <c>[A-Z0-9]{2,8}(-[A-Z0-9]{1,16}){0,3}</c>.</summary>
    public static bool IsRegion(ReadOnlySpan<char> text) => RegionShape().IsMatch(text);

    /// <inheritdoc/>
    public override string ToString() => _value ?? "";

    [GeneratedRegex(
        @"\A[1-9][0-9]{0,18}\.[A-Z0-9]{2,8}(?:-[A-Z0-9]{1,16}){0,3}\.[a-z0-9][a-z0-9-]{0,39}\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Shape();

    [GeneratedRegex(@"\A[A-Z0-9]{2,8}(?:-[A-Z0-9]{1,16}){0,3}\z", RegexOptions.CultureInvariant)]
    private static partial Regex RegionShape();
}
