using CsCheck;

namespace GroupBuyActors.Schedules;

public sealed class IntervalScheduleTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void FiringsAreCountedFromAFixedInstant()
    {
        var schedule = new IntervalSchedule(TimeSpan.FromMinutes(15), Noon.AddMinutes(7));
        Assert.Equal(
            [Noon.AddMinutes(7), Noon.AddMinutes(22), Noon.AddMinutes(37)],
            schedule.Preview(Noon.AddDays(-1), 3)
        );
        Assert.Equal(Noon.AddMinutes(22), schedule.Next(Noon.AddMinutes(7)));
        Assert.Equal(Noon.AddMinutes(22), schedule.Next(Noon.AddMinutes(22).AddTicks(-1)));
        Assert.Equal(("PT15M", "UTC"), (schedule.Expression, schedule.Zone));
    }

    /// <summary>A zone's hour that is left out or comes twice is an hour like any other.</summary>
    [Fact]
    public void SummerTimeChangesNothingAboutAnInterval()
    {
        var schedule = new IntervalSchedule(TimeSpan.FromHours(5), DateTimeOffset.UnixEpoch);
        var firings = schedule.Preview(new DateTimeOffset(2027, 3, 27, 0, 0, 0, TimeSpan.Zero), 20);
        Assert.All(firings.Zip(firings.Skip(1)), pair => Assert.Equal(TimeSpan.FromHours(5), pair.Second - pair.First));
    }

    [Fact]
    public void TheNextFiringIsTheFirstOfTheGridAfterATime() =>
        Gen.Select(Gen.Int[1, 100_000], Gen.Long[0, 4_000_000_000], Gen.Long[0, 8_000_000_000_000])
            .Sample(
                (seconds, from, afterMs) =>
                {
                    var (every, first) = (TimeSpan.FromSeconds(seconds), DateTimeOffset.FromUnixTimeSeconds(from));
                    var schedule = new IntervalSchedule(every, first);
                    var after = DateTimeOffset.FromUnixTimeMilliseconds(afterMs);
                    var next = schedule.Next(after)!.Value;
                    Assert.True(next > after && next >= first);
                    Assert.Equal(0, (next - first).Ticks % every.Ticks);
                    Assert.True(next == first || next - after <= every);
                }
            );

    [Fact]
    public void TheEndOfTimeEndsAnInterval() =>
        Assert.Null(new IntervalSchedule(TimeSpan.FromHours(1), Noon).Next(DateTimeOffset.MaxValue));

    [Theory]
    [InlineData(0, 0, "The interval must be between 1 s and 366 days.")]
    [InlineData(-1_000, 0, "The interval must be between 1 s and 366 days.")]
    [InlineData(367L * 86_400_000, 0, "The interval must be between 1 s and 366 days.")]
    [InlineData(1_500, 0, "The interval and its first firing must be whole seconds.")]
    [InlineData(60_000, 1, "The interval and its first firing must be whole seconds.")]
    public void AnIntervalThatNoIdCanTellIsRefused(long everyMs, long fromMs, string fault)
    {
        var (every, from) = (TimeSpan.FromMilliseconds(everyMs), Noon.AddMilliseconds(fromMs));
        Assert.Equal(fault, Assert.Throws<FormatException>(() => new IntervalSchedule(every, from)).Message);
    }

    [Fact]
    public void MissedFiringsOfAnIntervalGoByTheSameRules()
    {
        var schedule = new IntervalSchedule(
            TimeSpan.FromMinutes(10),
            Noon,
            new ScheduleRules { Misfire = MisfirePolicy.All, CatchUpMax = 2 }
        );
        var decision = schedule.After(Noon, Noon.AddMinutes(35), Noon.AddMinutes(35));
        Assert.Equal([Noon.AddMinutes(20), Noon.AddMinutes(30)], decision.Runs);
        Assert.Equal([new SkippedFiring(Noon.AddMinutes(10), "over-limit")], decision.Skipped);
    }
}
