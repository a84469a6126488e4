namespace GroupBuyActors.Retries;

public sealed class BackoffTests
{
    private static readonly TimeSpan Tenth = TimeSpan.FromMilliseconds(100);

    [Theory]
    [InlineData(1, 100)]
    [InlineData(2, 200)]
    [InlineData(4, 800)]
    [InlineData(5, 1_000)]
    [InlineData(int.MaxValue, 1_000)]
    public void WaitsDoubleUpToTheCap(int failures, int milliseconds) =>
        Assert.Equal(
            TimeSpan.FromMilliseconds(milliseconds),
            new Backoff(Tenth, TimeSpan.FromSeconds(1)).After(failures, chance: 0.99)
        );

    [Fact]
    public void JitterLengthensAWaitAndNeverPastTheCap()
    {
        var backoff = new Backoff(Tenth, TimeSpan.FromSeconds(1), Jitter: 0.5);
        Assert.Equal(Tenth, backoff.After(1, chance: 0));
        Assert.Equal(TimeSpan.FromMilliseconds(149), backoff.After(1, chance: 0.98));
        for (var failures = 1; failures < 100; failures++)
            Assert.InRange(backoff.After(failures, chance: 0.999_999), Tenth, TimeSpan.FromSeconds(1));
    }
}
