namespace GroupBuyActors.Groups;

public sealed class TextRulesTests
{
    [Theory]
    [InlineData("lin", true)]
    [InlineData("Lín 林", true)]
    [InlineData("👩‍👩‍👧‍👦", true)]
    [InlineData("👩🏽‍🚀", true)]
    [InlineData("❤️‍🔥 x 🏳️‍🌈", true)]
    [InlineData("👩‍", false)]
    [InlineData("‍👩", false)]
    [InlineData("👩‍‍👧", false)]
    [InlineData("a‍b", false)]
    [InlineData("👩‍b", false)]
    [InlineData("a\u200Cb", false)]
    [InlineData("\u202Ea", false)]
    [InlineData("", false)]
    public void AJoinerIsPrintableBetweenTwoEmojiOnly(string text, bool isPrintable) =>
        Assert.Equal(isPrintable, TextRules.IsPrintable(text, 128));

    [Theory]
    [InlineData(".", false)]
    [InlineData("..", false)]
    [InlineData("...", true)]
    [InlineData(".a", true)]
    public void SegmentsThatLeadElsewhereAreNoIds(string text, bool isId) =>
        Assert.Equal(isId, TextRules.IsId(text, 128));

    [Theory]
    [InlineData("Longjing tea, 250 g", true)]
    [InlineData(" 龙井 👩‍👧 ", true)]
    [InlineData("می‌خواهم", true)]
    [InlineData(" ", false)]
    [InlineData("\u3000\u200B\u2060", false)]
    [InlineData("tea\u0000", false)]
    [InlineData("tea\u0085", false)]
    [InlineData("tea\r\ncoffee", false)]
    [InlineData("tea\u2028coffee", false)]
    public void ATitleIsOneLineAndNotBlank(string text, bool isTitle) =>
        Assert.Equal(isTitle, TextRules.IsTitle(text, 200));

    [Fact]
    public void HalfASurrogatePairIsNoText()
    {
        // Not as data of a theory, whose texts are stored as UTF-8.
        var half = "👩"[..1];
        Assert.False(TextRules.IsPrintable($"lin{half}", 128));
        Assert.False(TextRules.IsPrintable($"👩\u200D{half}", 128));
        Assert.False(TextRules.IsTitle($"tea{half}", 200));
    }

    [Theory]
    [InlineData("CNY", true)]
    [InlineData("JPY", true)]
    [InlineData("XCG", true)]
    [InlineData("XOF", true)]
    [InlineData("cny", false)]
    [InlineData("XXX", false)]
    [InlineData("XTS", false)]
    [InlineData("XAU", false)]
    [InlineData("DEM", false)]
    [InlineData("ABC", false)]
    [InlineData("CNY ", false)]
    [InlineData(null, false)]
    public void CurrenciesAreThoseInUse(string? code, bool isKnown) => Assert.Equal(isKnown, Currencies.IsKnown(code));
}
