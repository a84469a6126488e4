using System.Text;
using CsCheck;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Schedules;

public sealed class ScheduleRegistryTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    private static readonly TaskTypeRegistry Types = new([
        new TaskType<NoPayload>(
            new TaskPolicy { Type = "report", Retry = new RetryPolicy() },
            NoPayloadJson.Default.NoPayload
        ),
    ]);

    [Fact]
    public void ASchedulesNameIsItsOwnAndManyMayFireOneTaskType()
    {
        var registry = new ScheduleRegistry(Types, [Hourly("first") with { Payload = "{\"of\":1}"u8.ToArray() }]);
        Assert.True(registry.TryAdd(Hourly("second") with { Payload = "{\"of\":2}"u8.ToArray() }));
        var firings = registry.Current.All.Select(schedule => schedule.Next(new ShardId(3), Noon)!).ToList();
        Assert.All(firings, firing => Assert.Equal("report", firing.Type));
        Assert.Equal(
            [
                "{\"firing\":\"2026-11-24T13:00:00+00:00\",\"of\":1}",
                "{\"firing\":\"2026-11-24T13:00:00+00:00\",\"of\":2}",
            ],
            firings.Select(firing => Encoding.UTF8.GetString(firing.Payload.Span))
        );
        Assert.Equal(
            ["first", "second"],
            firings.Select(firing => TaskIds.TryGetSchedule(firing.Key.Id, out var name, out _) ? name : null)
        );
    }

    [Fact]
    public void AReplacedScheduleKeepsItsPlaceAndARemovedOneIsGone()
    {
        var registry = new ScheduleRegistry(Types, [Hourly("first"), Hourly("second")]);
        var before = registry.Current;
        registry.Put(Hourly("first") with { Spread = TimeSpan.FromMinutes(1) });
        Assert.False(registry.TryAdd(Hourly("second")));
        Assert.Equal(["first", "second"], registry.Current.All.Select(schedule => schedule.Name));
        Assert.Equal(["first"], registry.Current.ChangedSince(before).Select(schedule => schedule.Name));
        Assert.True(registry.Remove("first"));
        Assert.False(registry.Remove("first"));
        Assert.Null(registry.Current.Find("first"));
        // What was taken before does not change.
        Assert.Equal(TimeSpan.Zero, before.Find("first")!.Times.Spread);
    }

    [Fact]
    public async Task WhoeverFollowsIsToldOfTheNextVersionAndMissesNone()
    {
        var registry = new ScheduleRegistry(Types, []);
        var seen = registry.Current;
        var waiting = registry.WaitForChangeAsync(seen.Version, default);
        Assert.False(waiting.IsCompleted);
        registry.Put(Hourly("first"));
        Assert.Same(registry.Current, await waiting);
        registry.Put(Hourly("second"));
        registry.Remove("first");
        var latest = await registry.WaitForChangeAsync((await waiting).Version, default);
        Assert.Equal(["second"], latest.All.Select(schedule => schedule.Name));
        using var cancelled = new CancellationTokenSource();
        var never = registry.WaitForChangeAsync(latest.Version, cancelled.Token);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => never);
    }

    [Fact]
    public void AFaultyScheduleIsRefusedWithAllThatIsWrongAndNothingChanges()
    {
        var registry = new ScheduleRegistry(Types, []);
        var faulty = new ScheduleDefinition(
            "Every Hour",
            "report",
            new ScheduleTiming.Cron("61 * * * *", "Mars/Olympus"),
            TimeSpan.FromHours(7),
            new ScheduleRules { CatchUpMax = 0 }
        )
        {
            Payload = "[]"u8.ToArray(),
        };
        Assert.Equal(["CatchUpMax", "Expression", "Name", "Payload", "Spread", "Zone"], faulty.Faults().Keys);
        Assert.Throws<ArgumentException>(() => registry.Put(faulty));
        Assert.Throws<ArgumentException>(() => registry.Put(Hourly("first") with { TaskType = "unknown" }));
        Assert.Throws<ArgumentException>(() => new ScheduleRegistry(Types, [Hourly("first"), Hourly("first")]));
        Assert.Same(ScheduleSet.Empty, registry.Current);
    }

    [Theory]
    [InlineData("{\"firing\":1}")]
    [InlineData("[]")]
    [InlineData("{")]
    public void APayloadIsAnObjectThatLeavesTheTimeToTheSchedule(string payload) =>
        Assert.Equal(["Payload"], (Hourly("first") with { Payload = Encoding.UTF8.GetBytes(payload) }).Faults().Keys);

    [Fact]
    public void AScheduleFiresInItsShardsOnly()
    {
        var shards = Enumerable.Range(0, ShardId.Count).Select(index => new ShardId(index)).ToList();
        Assert.Equal(
            [ShardId.Count, 128, 1],
            new[] { ScheduleScope.EveryShard, ScheduleScope.FirstRegionSlot, ScheduleScope.OneShard }
                .Select(scope => new Schedule(Hourly("first") with { Scope = scope }))
                .Select(schedule => shards.Count(shard => schedule.Next(shard, Noon) is not null))
        );
        var one = new Schedule(Hourly("first") with { Scope = ScheduleScope.OneShard });
        Assert.Equal("schedule-changed", one.SkipReason(new ShardId(5), Noon, Noon));
        Assert.Null(one.After(new ShardId(5), Noon, Noon, Noon, Noon).Next);
    }

    /// <summary>Before it was in force, a schedule cannot have missed anything.</summary>
    [Fact]
    public void ARunOfTheFormerScheduleIsFollowedByTheNextTimeOfTheNewOne()
    {
        var everySecond = new Schedule(
            Hourly("first") with
            {
                Timing = new ScheduleTiming.Interval(TimeSpan.FromSeconds(7)),
                Rules = new ScheduleRules { Misfire = MisfirePolicy.All },
            }
        );
        var (shard, former) = (new ShardId(0), Noon.AddSeconds(1));
        Assert.False(everySecond.Times.Has(shard, former));
        var plan = everySecond.After(shard, former, former, Noon.AddMinutes(5), Noon.AddMinutes(6));
        Assert.Equal(everySecond.Times.Next(shard, Noon.AddMinutes(6)), plan.Next);
        Assert.Empty(plan.Skipped);
    }

    [Fact]
    public void TheConfigurationMayGiveAnIntervalScheduleATimeOfDay()
    {
        var interval = Hourly("first") with { Timing = new ScheduleTiming.Interval(TimeSpan.FromHours(1)) };
        Assert.Equal(
            new ScheduleTiming.Cron("0 3 * * *", "UTC"),
            new ScheduleChange { Expression = "0 3 * * *" }
                .Apply(interval)
                .Timing
        );
        Assert.Equal(
            interval.Timing,
            new ScheduleChange { Spread = TimeSpan.FromMinutes(1) }
                .Apply(interval)
                .Timing
        );
    }

    /// <summary>Whatever is added, replaced and removed: the registry is a map in the order of adding.</summary>
    [Fact]
    public void TheRegistryIsAMapWhoseVersionGrowsWithEachChange() =>
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 2], Gen.Int[1, 50])
            .Array[0, 40]
            .Sample(steps =>
            {
                var (registry, model) = (new ScheduleRegistry(Types, []), new List<(string Name, int Minutes)>());
                var changes = 0L;
                foreach (var (number, operation, minutes) in steps)
                {
                    var name = $"schedule-{number}";
                    var at = model.FindIndex(one => one.Name == name);
                    var definition = Hourly(name) with { Spread = TimeSpan.FromMinutes(minutes) };
                    if (operation == 0)
                        registry.Put(definition);
                    else if (operation == 1)
                        Assert.Equal(at < 0, registry.TryAdd(definition));
                    else
                        Assert.Equal(at >= 0, registry.Remove(name));
                    var changed = operation == 0 || operation == 1 == at < 0;
                    if (operation == 2 && at >= 0)
                        model.RemoveAt(at);
                    else if (operation == 0 && at >= 0)
                        model[at] = (name, minutes);
                    else if (operation != 2 && at < 0)
                        model.Add((name, minutes));
                    changes += changed ? 1 : 0;
                    Assert.Equal(changes, registry.Current.Version);
                    Assert.Equal(
                        model,
                        registry.Current.All.Select(one => (one.Name, (int)one.Times.Spread.TotalMinutes))
                    );
                }
            });

    private static ScheduleDefinition Hourly(string name) =>
        new(name, "report", new ScheduleTiming.Cron("0 * * * *", "UTC"), TimeSpan.Zero, new ScheduleRules());
}
