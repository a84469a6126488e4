using GroupBuyActors.Store.Slots;

namespace GroupBuyActors.Store.Tests.Slots;

public sealed class SlotRangeTests
{
    [Theory]
    [InlineData("0-63", "64-127")]
    [InlineData("0-127")]
    [InlineData("100-127", "0-0", "1-99")]
    [InlineData("0_63", "64_127")]
    public void RangesThatHaveEverySlotOnceHaveNoFault(params string[] ranges) =>
        Assert.Empty(SlotRanges.Faults(Databases(ranges)));

    [Theory]
    [InlineData("", "has no database for merchant slots 64-127", "0-63")]
    [InlineData("", "has no database for merchant slot 0", "1-127")]
    [InlineData("", "has no database for merchant slots 10-19", "0-9", "20-127")]
    [InlineData("60-127", "overlaps another range in merchant slots 60-63", "0-63", "60-127")]
    [InlineData("5-5", "overlaps another range in merchant slot 5", "0-127", "5-5")]
    [InlineData("0-128", "must be within 0-127, the lower slot first", "0-128")]
    [InlineData("63-0", "must be within 0-127, the lower slot first", "63-0", "64-127")]
    [InlineData("0-x", "must be a range of merchant slots such as 0-63", "0-x", "64-127")]
    [InlineData("-1-63", "must be a range of merchant slots such as 0-63", "-1-63", "64-127")]
    [InlineData("7", "must be a range of merchant slots such as 0-63", "7")]
    public void AFaultNamesTheRangeAndTheSlots(string range, string fault, params string[] ranges) =>
        Assert.Equal([(range, fault)], SlotRanges.Faults(Databases(ranges)));

    [Fact]
    public void ARangeWithoutAConnectionStringIsAFault() =>
        Assert.Equal(
            [("0-127", "must be a connection string")],
            SlotRanges.Faults(new Dictionary<string, string> { ["0-127"] = " " })
        );

    private static Dictionary<string, string> Databases(string[] ranges) =>
        ranges.ToDictionary(range => range, range => $"Server=db;Database=x{range}");
}
