using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace GroupBuyActors;

/// <summary>
/// The code that a buyer shows to redeem a voucher: <c>{orderId}.{secret}</c>; the secret is unguessable, 8 to 64
/// characters of <c>[A-Za-z0-9_-]</c>. <see cref="ToString"/> omits the secret, so that a code in a log line, a message
/// or a trace cannot be redeemed.
/// </summary>
[GenerateSerializer, Immutable, Alias("groupbuy.VoucherCode")]
[JsonConverter(typeof(VoucherCodeJsonConverter))]
public readonly record struct VoucherCode : ISpanParsable<VoucherCode>
{
    /// <summary>Builds the code of an order's voucher.</summary>
    public VoucherCode(OrderId order, string secret)
    {
        Order = order;
        Secret = secret;
    }

    /// <summary>The order whose buyer holds the voucher.</summary>
    [Id(0)]
    public OrderId Order { get; private init; }

    /// <summary>The unguessable part.</summary>
    [Id(1)]
    public string Secret { get; private init; }

    /// <summary>The whole code with its secret, as <see cref="Parse(string)"/> reads it.</summary>
    public string Value => $"{Order}.{Secret}";

    /// <summary>The last 4 characters, which are shown to callers who may not see the code.</summary>
    public string Tail => Secret[^4..];

    /// <summary>Reads a code, or throws <see cref="FormatException"/> with the expected format.</summary>
    public static VoucherCode Parse(string text) => Parse(text.AsSpan(), null);

    /// <inheritdoc/>
    public static VoucherCode Parse(ReadOnlySpan<char> s, IFormatProvider? provider) =>
        TryParse(s, provider, out var code)
            ? code
            : throw new FormatException("A voucher code must be {orderId}.{secret}.");

    /// <inheritdoc/>
    public static VoucherCode Parse(string s, IFormatProvider? provider) => Parse(s.AsSpan(), provider);

    /// <summary>Reads a code; false if the text is not one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out VoucherCode code) =>
        TryParse(text.AsSpan(), null, out code);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out VoucherCode result) =>
        TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out VoucherCode result)
    {
        result = default;
        var dot = s.LastIndexOf('.');
        if (dot <= 0 || !OrderId.TryParse(s[..dot], provider, out var order))
            return false;
        var secret = s[(dot + 1)..];
        if (secret.Length is < 8 or > 64)
            return false;
        foreach (var c in secret)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
                return false;
        result = new VoucherCode(order, secret.ToString());
        return true;
    }

    /// <summary>The order and the last 4 characters of the secret.</summary>
    public override string ToString() => $"{Order}.*{Secret[^4..]}";
}

/// <summary>Writes a voucher code with its secret, for documents whose readers may know it.</summary>
public sealed class VoucherCodeJsonConverter : ParsableJsonConverter<VoucherCode>
{
    /// <inheritdoc/>
    protected override string TextOf(VoucherCode value) => value.Value;
}
