using CsCheck;

namespace GroupBuyActors.Schedules;

public sealed class SpreadScheduleTests
{
    private static readonly ScheduleTiming.Cron Midnight = new("0 0 * * *", "Asia/Shanghai");
    private static readonly ScheduleDefinition Daily = new(
        "voucher-scan",
        "voucher-scan",
        Midnight,
        TimeSpan.FromMinutes(10),
        new ScheduleRules()
    );
    private static readonly SpreadSchedule Scan = new Schedule(Daily).Times;

    [Fact]
    public void EveryShardFiresOnceADayWithinTenMinutesOfMidnightInItsZone()
    {
        // Midnight in Shanghai is 16:00 UTC.
        var midnight = new DateTimeOffset(2026, 11, 23, 16, 0, 0, TimeSpan.Zero);
        for (var index = 0; index < ShardId.Count; index++)
        {
            var shard = new ShardId(index);
            var first = Scan.Next(shard, midnight.AddHours(-12))!.Value;
            Assert.InRange((first - midnight).Duration(), TimeSpan.Zero, TimeSpan.FromMinutes(10));
            Assert.Equal(first.AddDays(1), Scan.Next(shard, first));
        }
    }

    [Fact]
    public void ShardsAreSpreadAndAlwaysTheSame()
    {
        var offsets = Enumerable.Range(0, ShardId.Count).Select(index => Scan.OffsetOf(new ShardId(index))).ToList();
        Assert.Equal(
            offsets,
            Enumerable
                .Range(0, ShardId.Count)
                .Select(index =>
                    new Schedule(Daily with { Timing = Midnight with { Zone = "UTC" } }).Times.OffsetOf(
                        new ShardId(index)
                    )
                )
        );
        Assert.True(offsets.Distinct().Count() > 600, "Shards fire together.");
        Assert.InRange(offsets.Average(offset => offset.TotalSeconds), -40, 40);
    }

    [Fact]
    public void NextIsAfterAndNoFiringIsLeftOut() =>
        Gen.Select(Gen.Int[0, ShardId.Count - 1], Gen.Long[0, 400L * 86_400_000])
            .Sample(
                (index, ms) =>
                {
                    var shard = new ShardId(index);
                    var after = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMilliseconds(ms);
                    var next = Scan.Next(shard, after)!.Value;
                    Assert.InRange(next - after, TimeSpan.FromTicks(1), TimeSpan.FromDays(1));
                    Assert.Equal(TimeSpan.Zero, next.Offset);
                }
            );

    [Fact]
    public void DaylightSavingKeepsMidnight()
    {
        var paris = new Schedule(Daily with { Timing = Midnight with { Zone = "Europe/Paris" } }).Times;
        var shard = new ShardId(0);
        var winter =
            paris.Next(shard, new DateTimeOffset(2026, 1, 10, 12, 0, 0, TimeSpan.Zero))!.Value - paris.OffsetOf(shard);
        var summer =
            paris.Next(shard, new DateTimeOffset(2026, 7, 10, 12, 0, 0, TimeSpan.Zero))!.Value - paris.OffsetOf(shard);
        Assert.Equal((23, 22), (winter.Hour, summer.Hour));
    }

    [Fact]
    public void WhatIsLeftOfAnotherScheduleIsLeftOut()
    {
        var (shard, noon) = (new ShardId(77), new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));
        var firing = Scan.Next(shard, noon)!.Value;
        Assert.Null(Scan.SkipReason(shard, firing, firing.AddHours(3)));
        Assert.Equal("schedule-changed", Scan.SkipReason(shard, firing.AddSeconds(1), firing.AddHours(3)));
        Assert.Equal(
            "schedule-changed",
            new Schedule(Daily with { Timing = Midnight with { Expression = "0 1 * * *" } }).Times.SkipReason(
                shard,
                firing,
                firing
            )
        );
    }

    [Theory]
    [InlineData(MisfirePolicy.Skip, "misfire-skipped")]
    [InlineData(MisfirePolicy.Within, "outside-window")]
    [InlineData(MisfirePolicy.All, null)]
    [InlineData(MisfirePolicy.Once, null)]
    public void AFiringThatIsTooLateGoesByTheRules(MisfirePolicy misfire, string? reason)
    {
        var schedule = new Schedule(
            Daily with
            {
                Rules = new ScheduleRules { Misfire = misfire, Grace = TimeSpan.FromMinutes(5) },
            }
        ).Times;
        var (shard, noon) = (new ShardId(77), new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));
        var firing = schedule.Next(shard, noon)!.Value;
        Assert.Null(schedule.SkipReason(shard, firing, firing.AddMinutes(5)));
        Assert.Equal(reason, schedule.SkipReason(shard, firing, firing.AddHours(3)));
    }

    /// <summary>A run of the first of several missed firings, an hour long, while others come due.</summary>
    [Theory]
    [InlineData(MisfirePolicy.Once, OverlapPolicy.Skip, 5, 2, 2)]
    [InlineData(MisfirePolicy.Once, OverlapPolicy.QueueOne, 4, 2, 1)]
    [InlineData(MisfirePolicy.Once, OverlapPolicy.Allow, 3, 2, 0)]
    [InlineData(MisfirePolicy.All, OverlapPolicy.Skip, 1, 0, 0)]
    [InlineData(MisfirePolicy.Skip, OverlapPolicy.Skip, 5, 2, 2)]
    [InlineData(MisfirePolicy.Within, OverlapPolicy.Allow, 2, 1, 0)]
    public void ARunIsFollowedByWhatTheRulesSay(
        MisfirePolicy misfire,
        OverlapPolicy overlap,
        int nextHour,
        int missed,
        int overlapped
    )
    {
        var schedule = new SpreadSchedule(
            "test",
            new CronSchedule(
                "0 * * * *",
                "UTC",
                new ScheduleRules
                {
                    Misfire = misfire,
                    Overlap = overlap,
                    CatchUpWindow = TimeSpan.FromMinutes(60),
                    Grace = TimeSpan.FromMinutes(1),
                }
            ),
            TimeSpan.Zero
        );
        var midnight = new DateTimeOffset(2026, 11, 24, 0, 0, 0, TimeSpan.Zero);
        // The firing of 0:00 began at 2:30, so that those of 1:00 and 2:00 were missed, and ended at 4:15, so that 3:00
        // and 4:00 overlapped.
        var plan = schedule.After(new ShardId(3), midnight, midnight.AddHours(2.5), midnight.AddHours(4.25));
        Assert.Equal(midnight.AddHours(nextHour), plan.Next);
        Assert.Equal(
            (missed, overlapped),
            (
                plan.Skipped.Count(skipped => skipped.Reason != "overlap"),
                plan.Skipped.Count(skipped => skipped.Reason == "overlap")
            )
        );
    }

    /// <summary>
    /// However long nobody ran and however long runs take: one after the other, each firing is run or left out, once.
    /// </summary>
    [Fact]
    public void EveryFiringOfAShardIsRunOrLeftOutOnce() =>
        Gen.Select(
                Gen.Enum<MisfirePolicy>(),
                Gen.Enum<OverlapPolicy>(),
                Gen.Int[1, 4],
                Gen.Int[0, ShardId.Count - 1],
                Gen.Int[0, 300].Array[1, 12],
                Gen.Bool
            )
            .Sample(
                (misfire, overlap, limit, index, waits, isCron) =>
                {
                    var rules = new ScheduleRules
                    {
                        Misfire = misfire,
                        Overlap = overlap,
                        CatchUpMax = limit,
                    };
                    var schedule = new SpreadSchedule(
                        "test",
                        isCron
                            ? new CronSchedule("*/20 * * * *", "Europe/Berlin", rules)
                            : new IntervalSchedule(TimeSpan.FromMinutes(13), DateTimeOffset.UnixEpoch, rules),
                        TimeSpan.FromMinutes(7)
                    );
                    var (shard, start) = (
                        new ShardId(index),
                        new DateTimeOffset(2026, 10, 24, 20, 0, 0, TimeSpan.Zero)
                    );
                    var (told, firing) = (new List<DateTimeOffset>(), schedule.Next(shard, start)!.Value);
                    var now = firing;
                    foreach (var wait in waits)
                    {
                        var began = now > firing ? now : firing;
                        now = began.AddMinutes(wait);
                        told.Add(firing);
                        var plan = schedule.SkipReason(shard, firing, began) is null
                            ? schedule.After(shard, firing, began, now)
                            : new FiringPlan(schedule.Next(shard, firing), []);
                        told.AddRange(plan.Skipped.Select(skipped => skipped.Firing));
                        firing = plan.Next!.Value;
                    }

                    var all = new List<DateTimeOffset>();
                    for (
                        var next = schedule.Next(shard, start)!.Value;
                        next < firing;
                        next = schedule.Next(shard, next)!.Value
                    )
                        all.Add(next);
                    Assert.Equal(all, told.Order());
                }
            );
}
