using System.Text;
using CsCheck;
using GroupBuyActors.Groups;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Reconciliation;

public sealed class DifferencesTests
{
    private static readonly OrderId Order = OrderId.Parse("10042.SH-PUDONG.tea.1");
    private static readonly GroupId Group = Order.Group;
    private static readonly Money Price = new(1999, "CNY");
    private static readonly string[] Letters =
    [
        "a",
        "b",
        "\uFF21",
        "\uE000",
        "\U0001F375",
        "\U00010000",
        "茶",
        "\uD7FF",
    ];

    /// <summary>
    /// Databases compare bytes; a comparison by UTF-16 units would take pairs of surrogates for smaller than some
    /// single units.
    /// </summary>
    [Fact]
    public void KeysHaveTheOrderOfTheirBytes() =>
        Gen.Select(Text(), Text())
            .Sample(
                (a, b) =>
                    Assert.Equal(
                        Math.Sign(Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b))),
                        Math.Sign(BookKey.Compare(a, b))
                    )
            );

    [Theory]
    [InlineData(nameof(PaymentState.Held), false, true)]
    [InlineData(nameof(PaymentState.Redeemed), false, true)]
    [InlineData(nameof(PaymentState.Forfeited), false, true)]
    [InlineData(nameof(PaymentState.Refunding), false, true)]
    [InlineData(nameof(PaymentState.Refunding), true, true)]
    [InlineData(nameof(PaymentState.Refunded), true, true)]
    [InlineData(nameof(PaymentState.Held), true, false)]
    [InlineData(nameof(PaymentState.Redeemed), true, false)]
    [InlineData(nameof(PaymentState.Forfeited), true, false)]
    [InlineData(nameof(PaymentState.Refunded), false, false)]
    public void MoneyIsEitherHeldOrBack(string ours, bool isRefunded, bool agrees) =>
        Assert.Equal(
            agrees ? null : DifferenceKind.StateDiffers,
            Differences.Between(
                Ours(Enum.Parse<PaymentState>(ours)),
                new PaymentBookEntry(Order, "p", Price, isRefunded)
            )
        );

    [Fact]
    public void APaymentOfOneSideIsMissingOnTheOther()
    {
        Assert.Equal(DifferenceKind.MissingAtPort, Differences.Between(Ours(PaymentState.Held), null));
        Assert.Equal(
            DifferenceKind.MissingHere,
            Differences.Between(null, new PaymentBookEntry(Order, "p", Price, false))
        );
        Assert.Equal(
            DifferenceKind.AmountDiffers,
            Differences.Between(
                Ours(PaymentState.Refunding),
                new PaymentBookEntry(Order, "p", new Money(1999, "USD"), false)
            )
        );
    }

    [Theory]
    [InlineData(3, 4, 3, 4, true)]
    [InlineData(3, 4, 4, 3, false)]
    [InlineData(3, 4, 0, 0, false)]
    [InlineData(0, 0, 1, 0, false)]
    public void StockAgreesInBothNumbers(
        long reserved,
        long deducted,
        long theirReserved,
        long theirDeducted,
        bool agrees
    ) =>
        Assert.Equal(
            agrees ? null : DifferenceKind.AmountDiffers,
            Differences.Between(
                new StockLine(Group, reserved, deducted),
                new StockBookEntry(Group, "tea", theirReserved, theirDeducted)
            )
        );

    [Fact]
    public void ALineWithoutUnitsIsAsGoodAsNone()
    {
        Assert.Null(Differences.Between(new StockLine(Group, 0, 0), null));
        Assert.Null(Differences.Between(null, new StockBookEntry(Group, "tea", 0, 0)));
        Assert.Equal(DifferenceKind.MissingAtPort, Differences.Between(new StockLine(Group, 1, 0), null));
        Assert.Equal(DifferenceKind.MissingHere, Differences.Between(null, new StockBookEntry(Group, "tea", 0, 1)));
    }

    private static PaymentEntry Ours(PaymentState state) => new(Order, "p", Price, state, null);

    private static Gen<string> Text() =>
        Gen.Int[0, Letters.Length - 1]
            .Array[0, 4]
            .Select(letters => string.Concat(letters.Select(letter => Letters[letter])));
}
