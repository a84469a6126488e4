using System.Diagnostics.CodeAnalysis;

namespace GroupBuyActors;

/// <summary>An amount in integer minor units (cents, fen) of an ISO 4217 currency.</summary>
/// <param name="Amount">Minor units.</param>
/// <param name="Currency">Three capital letters.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.Money")]
public readonly record struct Money([property: Id(0)] long Amount, [property: Id(1)] string Currency)
{
    /// <summary>The largest accepted amount in minor units: the price of the most expensive possible order.</summary>
    public const long AmountMax = 100_000_000_000_000_000;

    /// <summary>True if the text has the format of an ISO 4217 code.</summary>
    public static bool IsCurrency([NotNullWhen(true)] string? text) =>
        text is { Length: 3 }
        && char.IsAsciiLetterUpper(text[0])
        && char.IsAsciiLetterUpper(text[1])
        && char.IsAsciiLetterUpper(text[2]);

    /// <summary>The price of several units; throws <see cref="OverflowException"/> beyond 64 bits.</summary>
    public static Money operator *(Money price, int quantity) =>
        price with
        {
            Amount = checked(price.Amount * quantity),
        };

    /// <inheritdoc/>
    public override string ToString() => $"{Amount} {Currency}";
}
