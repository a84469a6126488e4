using System.Text;
using System.Text.Json;
using CsCheck;

namespace GroupBuyActors.Tasks;

public sealed class TaskPolicyChangeTests
{
    private static readonly TaskPolicy Expiring = new()
    {
        Type = "expiring",
        Lateness = TimeSpan.FromSeconds(5),
        Retry = new() { RetryCountMax = 5, TimeToLive = TimeSpan.FromHours(1) },
    };

    private static readonly TaskPolicy Ageing = new()
    {
        Type = "ageing",
        Lateness = TimeSpan.FromSeconds(5),
        Retry = new() { AlertAfter = 10, AgeMax = TimeSpan.FromDays(3) },
    };

    private static readonly TaskPolicy Endless = new()
    {
        Type = "endless",
        Lateness = TimeSpan.FromMinutes(1),
        Retry = new() { AlertAfter = 10 },
    };

    private static readonly TaskPolicy Needed = new()
    {
        Type = "needed",
        IsNeeded = true,
        Retry = new() { DelayMax = TimeSpan.FromMinutes(1), AlertAfter = 10 },
    };

    private static readonly TaskPolicy DecidesWithout = new()
    {
        Type = "decides-without",
        IsNeeded = true,
        Retry = new()
        {
            RetryCountMax = 3,
            WhenUsedUp = RetryDecision.DecideWithout,
            DelayMax = TimeSpan.FromMinutes(1),
        },
    };

    [Fact]
    public void EveryFaultyFieldIsNamedAtOnce()
    {
        var change = new TaskPolicyChange
        {
            RetryCountMax = -1,
            BaseDelay = TimeSpan.Zero,
            DelayMax = TimeSpan.FromDays(2),
            TryTimeout = TimeSpan.FromHours(2),
            Concurrency = 0,
            TimeToLive = TimeSpan.FromDays(400),
            Lateness = TimeSpan.FromDays(2),
            Weight = 1_001,
            SpreadWindow = TimeSpan.FromHours(2),
            AlertAfter = 0,
        };
        Assert.Equal(
            [
                "alertAfter",
                "baseDelay",
                "concurrency",
                "delayMax",
                "lateness",
                "retryCountMax",
                "spreadWindow",
                "timeToLive",
                "tryTimeout",
                "weight",
            ],
            change.Faults(Expiring).Keys.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void ANeededTypeNeverGivesUpNorExpires()
    {
        Assert.Contains(
            "retryCountMax",
            new TaskPolicyChange { RetryCountMax = 3 }
                .Faults(Needed)
                .Keys
        );
        Assert.Contains(
            "timeToLive",
            new TaskPolicyChange { TimeToLive = TimeSpan.FromHours(1) }
                .Faults(Needed)
                .Keys
        );
        Assert.Contains(
            "backoff",
            new TaskPolicyChange { Backoff = TaskBackoff.SameDayOnce }
                .Faults(Needed)
                .Keys
        );
        Assert.Empty(new TaskPolicyChange { RetryCountMax = 5 }.Faults(DecidesWithout));
        Assert.Contains(
            "retryForever",
            new TaskPolicyChange { RetryForever = true }
                .Faults(DecidesWithout)
                .Keys
        );
    }

    [Fact]
    public void AHerdIsSpreadNoWiderThanTheTypePromises()
    {
        Assert.Contains(
            "spreadWindow",
            new TaskPolicyChange { SpreadWindow = TimeSpan.FromSeconds(6) }
                .Faults(Expiring)
                .Keys
        );
        Assert.Contains(
            "spreadWindow",
            new TaskPolicyChange { SpreadWindow = TimeSpan.FromSeconds(1) }
                .Faults(Needed)
                .Keys
        );
        Assert.Empty(
            new TaskPolicyChange { SpreadWindow = TimeSpan.FromSeconds(6), Lateness = TimeSpan.FromSeconds(6) }.Faults(
                Expiring
            )
        );
    }

    [Fact]
    public void WhatIsLeftOutTakesTheDefault()
    {
        var changed = new TaskPolicyChange { Weight = 9, BaseDelay = TimeSpan.FromSeconds(1) }.Apply(Expiring, 4);
        Assert.Equal((9, 4, Expiring.Concurrency), (changed.Weight, changed.Version, changed.Concurrency));
        Assert.Equal(Expiring.Retry with { BaseDelay = TimeSpan.FromSeconds(1) }, changed.Retry);
        Assert.Equal(Expiring with { Version = 5 }, new TaskPolicyChange().Apply(Expiring, 5));
    }

    [Fact]
    public void BackoffsAreWhatTheirNamesSay()
    {
        var immediate = new TaskPolicyChange { Backoff = TaskBackoff.Immediate, RetryCountMax = 3 }
            .Apply(Expiring, 1)
            .Retry;
        Assert.All(
            Enumerable.Range(1, 3),
            failures =>
                Assert.Equal(
                    new RetryStep(RetryDecision.Again, TimeSpan.Zero, false),
                    immediate.After(failures, TimeSpan.Zero, 0.5)
                )
        );
        Assert.Equal(RetryDecision.Dead, immediate.After(4, TimeSpan.Zero, 0.5).Decision);
        var once = new TaskPolicyChange { Backoff = TaskBackoff.SameDayOnce }
            .Apply(Expiring, 1)
            .Retry;
        Assert.Equal(TimeSpan.FromMinutes(30), once.After(1, TimeSpan.Zero, 0.5).Delay);
        Assert.Equal(RetryDecision.Dead, once.After(2, TimeSpan.FromMinutes(30), 0.5).Decision);
    }

    [Fact]
    public void RetriesWithoutEndHaveNoEndOfAge()
    {
        var forever = new TaskPolicyChange { RetryForever = true };
        Assert.Empty(forever.Faults(Ageing));
        Assert.Equal(
            RetryDecision.Again,
            forever.Apply(Ageing, 1).Retry.After(500, TimeSpan.FromDays(400), 0.5).Decision
        );
    }

    /// <summary>A thousand retries of a refund take a week, and it ends after three days.</summary>
    [Fact]
    public void CountedRetriesStillEndWithTheirAge()
    {
        var counted = new TaskPolicyChange { RetryCountMax = 1_000 }
            .Apply(Ageing, 1)
            .Retry;
        Assert.Equal(RetryDecision.Again, counted.After(700, TimeSpan.FromDays(2), 0.5).Decision);
        Assert.Equal(
            new RetryStep(RetryDecision.Dead, TimeSpan.Zero, true),
            counted.After(700, TimeSpan.FromDays(3), 0.5)
        );
    }

    [Fact]
    public void WhatContradictsItselfIsNotHalfDone()
    {
        Assert.Contains(
            "backoff",
            new TaskPolicyChange { Backoff = TaskBackoff.SameDayOnce, RetryForever = true }
                .Faults(Expiring)
                .Keys
        );
        Assert.Contains(
            "backoff",
            new TaskPolicyChange { Backoff = TaskBackoff.SameDayOnce, RetryCountMax = 5 }
                .Faults(Expiring)
                .Keys
        );
        Assert.Contains(
            "backoff",
            new TaskPolicyChange { Backoff = (TaskBackoff)99 }
                .Faults(Expiring)
                .Keys
        );
        Assert.Contains(
            "retryForever",
            new TaskPolicyChange { RetryForever = false }
                .Faults(Endless)
                .Keys
        );
        Assert.Empty(
            new TaskPolicyChange
            {
                Backoff = TaskBackoff.SameDayOnce,
                RetryCountMax = 1,
                RetryForever = false,
            }.Faults(Expiring)
        );
        Assert.Empty(new TaskPolicyChange { RetryForever = false }.Faults(Ageing));
    }

    [Fact]
    public void APromiseIsNoNarrowerThanAWindowThatIsConfigured()
    {
        var configured = new TaskPolicyChange { SpreadWindow = TimeSpan.FromSeconds(4) }.Apply(Expiring, 0);
        Assert.Equal(
            ["lateness"],
            new TaskPolicyChange { Lateness = TimeSpan.FromSeconds(1) }
                .Faults(configured)
                .Keys
        );
        Assert.Empty(
            new TaskPolicyChange { Lateness = TimeSpan.FromSeconds(1), SpreadWindow = TimeSpan.Zero }.Faults(configured)
        );
    }

    [Theory]
    [InlineData("""{"weight":"5"}""")]
    [InlineData("""{"weight":5,"weight":6}""")]
    [InlineData("""{"backoff":1}""")]
    [InlineData("""{"baseDelay":"00:00:01"}""")]
    [InlineData("null")]
    public void AChangeIsReadToTheLetter(string json) =>
        Assert.Throws<JsonException>(() => TaskPolicyChange.Read(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void AChangeIsWrittenWithDurationsOfIsoAndWithoutWhatIsLeftOut() =>
        Assert.Equal(
            """{"baseDelay":"PT0.2S","backoff":"same-day-once"}""",
            Encoding.UTF8.GetString(
                new TaskPolicyChange
                {
                    BaseDelay = TimeSpan.FromMilliseconds(200),
                    Backoff = TaskBackoff.SameDayOnce,
                }.Write()
            )
        );

    [Fact]
    public void AChangeIsReadAsItWasWritten() =>
        Gen.Select(Gen.Int[0, 1_000], Gen.Int[1, 86_400_000], Gen.Enum<TaskBackoff>(), Gen.Int[-1_000, 1_000], Gen.Bool)
            .Sample(
                (count, ms, backoff, weight, isEmpty) =>
                {
                    var change = isEmpty
                        ? new TaskPolicyChange()
                        : new TaskPolicyChange
                        {
                            RetryCountMax = count,
                            BaseDelay = TimeSpan.FromMilliseconds(ms),
                            Backoff = backoff,
                            Weight = weight,
                            SpreadWindow = TimeSpan.FromMilliseconds(ms),
                        };
                    return TaskPolicyChange.Read(change.Write()) == change;
                }
            );

    [Fact]
    public void AMemberOfANewerReleaseIsIgnoredAndTheRestIsInForce() =>
        Assert.Equal(
            new TaskPolicyChange { Weight = 3 },
            TaskPolicyChange.Read(Encoding.UTF8.GetBytes("""{"weight":3,"fromTheFuture":{"a":[1]}}"""))
        );

    [Fact]
    public void ASpreadTaskFiresLaterByLessThanTheWindowAndAlwaysTheSame() =>
        Gen.Select(Gen.String, Gen.Int[0, 3_600_000])
            .Sample(
                (id, ms) =>
                {
                    var window = TimeSpan.FromMilliseconds(ms);
                    var spread = TaskSpread.Of(id, window);
                    return spread >= TimeSpan.Zero
                        && (spread < window || spread == TimeSpan.Zero)
                        && spread == TaskSpread.Of(id, window);
                }
            );

    [Fact]
    public void AWeightIsAHeadStartInTimeAndNoMore()
    {
        var (due, bias) = (new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero), TimeSpan.FromSeconds(1));
        Assert.True(TaskPriority.Of(due.AddSeconds(9), 10, 0, bias) < TaskPriority.Of(due, 0, 0, bias));
        Assert.True(TaskPriority.Of(due.AddSeconds(11), 10, 0, bias) > TaskPriority.Of(due, 0, 0, bias));
    }
}
