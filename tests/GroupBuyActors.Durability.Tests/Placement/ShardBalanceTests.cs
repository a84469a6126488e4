namespace GroupBuyActors.Placement;

/// <summary>The homes of shards spread an uneven marketplace over silos.</summary>
public sealed class ShardBalanceTests(ITestOutputHelper output)
{
    private const int Seeds = 100;

    [Fact]
    public void ShardsOfMerchantAndRegionAreNearlyEvenWhereAHashOfTheMerchantIsNot()
    {
        var (composite, byMerchant) = ShardBalance.MedianOn(3, Seeds);
        output.WriteLine($"by merchant and region: {composite}; by merchant: {byMerchant}; medians of {Seeds} seeds");
        Assert.InRange(composite.StddevPercent, 0, 6.1);
        Assert.InRange(composite.HottestShardPercent, 0, 0.8);
        Assert.True(byMerchant.StddevPercent > 2 * composite.StddevPercent, $"{byMerchant}");
        Assert.True(byMerchant.HottestShardPercent > 4, $"{byMerchant}");
    }

    /// <summary>
    /// One in twenty of all marketplaces is less even than this; none is as bad as is usual by merchant.
    /// </summary>
    [Fact]
    public void AnUnluckyMarketplaceIsStillNearlyEven()
    {
        var stddevs = Enumerable
            .Range(1, Seeds)
            .Select(seed => ShardBalance.On(3, seed).Composite.StddevPercent)
            .Order()
            .ToList();
        Assert.InRange(stddevs[Seeds * 95 / 100], 0, 6.5);
        Assert.InRange(stddevs[^1], 0, 8.5);
    }

    [Fact]
    public void TheSameSeedGivesTheSameBalance() => Assert.Equal(ShardBalance.On(3, 7), ShardBalance.On(3, 7));
}
