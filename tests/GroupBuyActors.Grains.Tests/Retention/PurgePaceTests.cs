namespace GroupBuyActors.Retention;

public sealed class PurgePaceTests
{
    [Fact]
    public void AQuickDatabaseIsAskedForMoreAndASlowOneForLess()
    {
        var pace = PurgePace.First;
        for (var n = 0; n < 10; n++)
            pace = pace.After(TimeSpan.FromMilliseconds(2));
        Assert.Equal(new PurgePace(PurgePace.RowsMax, TimeSpan.FromMilliseconds(5)), pace);
        for (var n = 0; n < 10; n++)
            pace = pace.After(TimeSpan.FromMilliseconds(400));
        Assert.Equal(new PurgePace(PurgePace.RowsMin, TimeSpan.FromMilliseconds(400)), pace);
        Assert.Equal(pace with { Pause = TimeSpan.FromMilliseconds(60) }, pace.After(TimeSpan.FromMilliseconds(60)));
    }

    [Fact]
    public void APauseIsAsLongAsTheStepAndBounded() =>
        Assert.Equal(TimeSpan.FromSeconds(2), PurgePace.First.After(TimeSpan.FromMinutes(1)).Pause);

    /// <summary>
    /// Of a step of 40 ms, as a busy MariaDB takes for 2,000 rows: 25,000 a second; a thousand each half minute was 33.
    /// </summary>
    [Fact]
    public void ABacklogIsWorkedOffByThousandsASecond()
    {
        var (pace, took, removed, passed) = (PurgePace.First, TimeSpan.FromMilliseconds(20), 0, TimeSpan.Zero);
        while (passed < TimeSpan.FromSeconds(10))
        {
            removed += pace.Rows;
            pace = pace.After(took);
            passed += took + pace.Pause;
        }

        Assert.True(removed / passed.TotalSeconds > 20_000, $"{removed / passed.TotalSeconds:F0} rows a second");
    }
}
