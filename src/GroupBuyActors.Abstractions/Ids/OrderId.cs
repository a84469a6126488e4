using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Serialization;

namespace GroupBuyActors;

/// <summary>The id of an order: <c>{groupId}.{n}</c>, where n is the order's number in its group, from 1.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.OrderId")]
[JsonConverter(typeof(ParsableJsonConverter<OrderId>))]
public readonly record struct OrderId : ISpanParsable<OrderId>
{
    /// <summary>Builds the id of order <paramref name="number"/> of a group.</summary>
    public OrderId(GroupId group, int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        Group = group;
        Number = number;
    }

    /// <summary>The group that holds the order.</summary>
    [Id(0)]
    public GroupId Group { get; private init; }

    /// <summary>The order's number in its group, from 1.</summary>
    [Id(1)]
    public int Number { get; private init; }

    /// <summary>Reads an id, or throws <see cref="FormatException"/> with the expected format.</summary>
    public static OrderId Parse(string text) => Parse(text.AsSpan(), null);

    /// <inheritdoc/>
    public static OrderId Parse(ReadOnlySpan<char> s, IFormatProvider? provider) =>
        TryParse(s, provider, out var id)
            ? id
            : throw new FormatException("An order id must be {groupId}.{n}, where n is 1 or more.");

    /// <inheritdoc/>
    public static OrderId Parse(string s, IFormatProvider? provider) => Parse(s.AsSpan(), provider);

    /// <summary>Reads an id; false if the text is not one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out OrderId id) =>
        TryParse(text.AsSpan(), null, out id);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out OrderId result) =>
        TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out OrderId result)
    {
        result = default;
        var dot = s.LastIndexOf('.');
        if (dot <= 0 || dot + 1 >= s.Length || s[dot + 1] == '0')
            return false;
        if (!int.TryParse(s[(dot + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return false;
        if (!GroupId.TryParse(s[..dot], provider, out var group))
            return false;
        result = new OrderId(group, number);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Group}.{Number}");
}
