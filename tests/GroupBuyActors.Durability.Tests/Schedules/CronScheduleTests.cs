namespace GroupBuyActors.Schedules;

public sealed class CronScheduleTests
{
    private const string Berlin = "Europe/Berlin";

    [Fact]
    public void AFiringInTheGapOfSummerTimeComesAtItsEnd()
    {
        var schedule = new CronSchedule("30 2 * * *", Berlin);
        Assert.Equal(
            [At("2027-03-27T01:30Z"), At("2027-03-28T01:00Z"), At("2027-03-29T00:30Z")],
            schedule.Preview(At("2027-03-27T00:00Z"), 3)
        );
    }

    [Fact]
    public void AFiringInTheHourThatComesTwiceComesOnce()
    {
        var schedule = new CronSchedule("30 2 * * *", Berlin);
        Assert.Equal(
            [At("2026-10-24T00:30Z"), At("2026-10-25T00:30Z"), At("2026-10-26T01:30Z")],
            schedule.Preview(At("2026-10-24T00:00Z"), 3)
        );
    }

    [Fact]
    public void AnIntervalGoesOnThroughBothHours() =>
        Assert.Equal(
            9,
            new CronSchedule("*/30 * * * *", Berlin)
                .Preview(At("2026-10-24T23:59Z"), 9)
                .Count(firing => firing <= At("2026-10-25T04:00Z"))
        );

    /// <summary>The one-off mistake that a preview shows: every minute of the first hour, not daily.</summary>
    [Fact]
    public void APreviewShowsWhatAnExpressionMeans()
    {
        var mistaken = new CronSchedule("* 0 * * *", "UTC").Preview(At("2026-11-24T00:00Z"), 61);
        Assert.Equal(59, mistaken.Count(firing => firing < At("2026-11-24T01:00Z")));
        Assert.Equal(
            [At("2026-11-25T00:00Z"), At("2026-11-26T00:00Z")],
            new CronSchedule("0 0 * * *", "UTC").Preview(At("2026-11-24T00:00Z"), 2)
        );
        Assert.Equal(
            At("2026-11-24T00:00:15Z"),
            new CronSchedule("*/15 * * * * *", "UTC").Next(At("2026-11-24T00:00Z"))
        );
    }

    [Theory]
    [InlineData("61 * * * *", "UTC", "'61 * * * *' is not a cron expression")]
    [InlineData("daily", "UTC", "'daily' is not a cron expression")]
    [InlineData("0 0 30 2 *", "UTC", "'0 0 30 2 *' never fires")]
    [InlineData("", "UTC", "The cron expression is empty")]
    [InlineData(null, "UTC", "The cron expression is empty")]
    [InlineData("0 0 * * *", "Mars/Olympus", "'Mars/Olympus' is not a time zone")]
    [InlineData("0 0 * * *", "Asia", "'Asia' is not a time zone")]
    [InlineData(
        "0 0 * * *",
        "/usr/share/zoneinfo/Europe/Berlin",
        "'/usr/share/zoneinfo/Europe/Berlin' is not an IANA time zone"
    )]
    [InlineData("0 0 * * *", "Europe/../Europe/Berlin", "'Europe/../Europe/Berlin' is not an IANA time zone")]
    [InlineData("0 0 * * *", null, "The schedule must have an IANA time zone")]
    public void WhatCannotBeReadIsSaid(string? expression, string? zone, string fault)
    {
        Assert.False(CronSchedule.TryParse(expression, zone, out _, out var said));
        Assert.StartsWith(fault, said, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => new CronSchedule(expression!, zone!));
    }

    [Fact]
    public void FieldsMayBePartedByTabsAndALeapDayIsADay()
    {
        Assert.Equal(
            At("2026-11-24T00:00:30Z"),
            new CronSchedule("30\t0 0 * * *", "UTC").Next(At("2026-11-24T00:00Z"))
        );
        Assert.Equal(At("2028-02-29T00:00Z"), new CronSchedule("0 0 29 2 *", "UTC").Next(At("2026-11-24T00:00Z")));
    }

    [Fact]
    public void RulesWithoutSenseAreRefusedWhenTheyAreMadeNotWhenTheyAreNeeded()
    {
        foreach (
            var rules in new[]
            {
                new ScheduleRules { CatchUpMax = 0 },
                new ScheduleRules { CatchUpMax = 1_001 },
                new ScheduleRules { Grace = -TimeSpan.FromTicks(1) },
                new ScheduleRules { CatchUpWindow = -TimeSpan.FromTicks(1) },
            }
        )
            Assert.Throws<ArgumentOutOfRangeException>(() => new CronSchedule("0 0 * * *", "UTC", rules));
    }

    [Fact]
    public void OneRunMakesUpForAllMissedFirings() =>
        Leaves(
            new ScheduleRules(),
            "09:03:30",
            [],
            ("09:01", "misfire-merged"),
            ("09:02", "misfire-merged"),
            ("09:03", "misfire-merged")
        );

    [Fact]
    public void MissedFiringsAreSkippedAndOneOnTimeIsNot()
    {
        Leaves(
            new ScheduleRules { Misfire = MisfirePolicy.Skip },
            "09:03:30",
            [],
            ("09:01", "misfire-skipped"),
            ("09:02", "misfire-skipped"),
            ("09:03", "misfire-skipped")
        );
        Leaves(
            new ScheduleRules { Misfire = MisfirePolicy.Skip },
            "09:03:01",
            ["09:03"],
            ("09:01", "misfire-skipped"),
            ("09:02", "misfire-skipped")
        );
    }

    [Fact]
    public void AllMissedFiringsAreMadeUpForUpToALimit() =>
        Leaves(
            new ScheduleRules { Misfire = MisfirePolicy.All, CatchUpMax = 2 },
            "09:03:30",
            ["09:02", "09:03"],
            ("09:01", "over-limit")
        );

    [Fact]
    public void MissedFiringsWithinAWindowAreMadeUpFor() =>
        Leaves(
            new ScheduleRules { Misfire = MisfirePolicy.Within, CatchUpWindow = TimeSpan.FromSeconds(100) },
            "09:03:30",
            ["09:02", "09:03"],
            ("09:01", "outside-window")
        );

    [Theory]
    [InlineData(OverlapPolicy.Skip)]
    [InlineData(OverlapPolicy.QueueOne, "09:03")]
    [InlineData(OverlapPolicy.Allow, "09:01", "09:02", "09:03")]
    public void FiringsThatComeDueWhileOneRunsGoByThePolicy(OverlapPolicy overlap, params string[] runs)
    {
        var decision = new CronSchedule("* * * * *", "UTC", new ScheduleRules { Overlap = overlap }).After(
            At("2026-11-24T09:00Z"),
            At("2026-11-24T09:00Z"),
            At("2026-11-24T09:03:30Z")
        );
        Assert.Equal(runs.Select(Minute), decision.Runs);
        Assert.All(decision.Skipped, skipped => Assert.Equal("overlap", skipped.Reason));
        Assert.Equal(3, decision.Runs.Count + decision.Skipped.Count);
    }

    [Fact]
    public void AYearOfMissedSecondsIsBoundedAndItsOldestStandsForTheRest()
    {
        var skipped = new CronSchedule("* * * * * *", "UTC")
            .After(At("2025-11-24T09:00Z"), At("2026-11-24T09:00Z"), At("2026-11-24T09:00Z"))
            .Skipped;
        Assert.Equal(1_001, skipped.Count);
        Assert.Equal(new SkippedFiring(At("2025-11-24T09:00:01Z"), "misfire-older"), skipped[0]);
        Assert.Equal(new SkippedFiring(At("2026-11-24T08:43:21Z"), "misfire-merged"), skipped[1]);
    }

    [Fact]
    public void APreviewIsBounded()
    {
        var schedule = new CronSchedule("* * * * *", "UTC");
        Assert.Throws<ArgumentOutOfRangeException>(() => schedule.Preview(At("2026-11-24T09:00Z"), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => schedule.Preview(At("2026-11-24T09:00Z"), 1_001));
    }

    /// <summary>A run of the firing of nine that began and ended so late.</summary>
    private static void Leaves(
        ScheduleRules rules,
        string now,
        string[] runs,
        params (string At, string Reason)[] skipped
    )
    {
        var decision = new CronSchedule("* * * * *", "UTC", rules).After(
            At("2026-11-24T09:00Z"),
            At($"2026-11-24T{now}Z"),
            At($"2026-11-24T{now}Z")
        );
        Assert.Equal(runs.Select(Minute), decision.Runs);
        Assert.Equal(skipped.Select(skip => new SkippedFiring(Minute(skip.At), skip.Reason)), decision.Skipped);
    }

    private static DateTimeOffset Minute(string text) => At($"2026-11-24T{text}Z");

    private static DateTimeOffset At(string text) =>
        DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
