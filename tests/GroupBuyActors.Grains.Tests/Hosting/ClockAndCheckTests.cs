using GroupBuyActors.Activations;
using GroupBuyActors.Groups;
using GroupBuyActors.Membership;
using GroupBuyActors.Schedules;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Hosting;

/// <summary>The cluster's clock, the check of a head, and the settings.</summary>
public sealed class ClockAndCheckTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void FirstMeasurementIsTakenAtOnce()
    {
        var local = new FakeTimeProvider(Noon);
        var clock = new ClusterClock(local);
        Assert.Equal(Noon, clock.GetUtcNow());
        clock.Discipline(local.GetTimestamp(), Noon - TimeSpan.FromMinutes(5));
        Assert.Equal(Noon - TimeSpan.FromMinutes(5), clock.GetUtcNow());
    }

    [Fact]
    public void ClockAheadOfTheDatabaseIsSlowedAndNeverRunsBack()
    {
        var local = new FakeTimeProvider(Noon);
        var clock = new ClusterClock(local);
        clock.Discipline(local.GetTimestamp(), Noon);
        var ahead = TimeSpan.FromMilliseconds(80);
        var last = clock.GetUtcNow();
        for (var ms = 0; ms < 10_000; ms += 10)
        {
            local.Advance(TimeSpan.FromMilliseconds(10));
            if (ms % 1_000 == 0)
                clock.Discipline(local.GetTimestamp(), local.GetUtcNow() - ahead);
            Assert.True(clock.GetUtcNow() > last);
            last = clock.GetUtcNow();
        }

        Assert.InRange(
            local.GetUtcNow() - clock.GetUtcNow(),
            TimeSpan.FromMilliseconds(70),
            TimeSpan.FromMilliseconds(90)
        );
    }

    [Fact]
    public void JumpForwardIsTakenAtOnceAndASmallOffsetIsSlewed()
    {
        var local = new FakeTimeProvider(Noon);
        var clock = new ClusterClock(local);
        clock.Discipline(local.GetTimestamp(), Noon);
        clock.Discipline(local.GetTimestamp(), Noon + TimeSpan.FromMilliseconds(50));
        Assert.Equal(Noon, clock.GetUtcNow());
        local.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(Noon + TimeSpan.FromMilliseconds(2_050), clock.GetUtcNow());
        clock.Discipline(local.GetTimestamp(), Noon + TimeSpan.FromMinutes(1));
        Assert.Equal(Noon + TimeSpan.FromMinutes(1), clock.GetUtcNow());
    }

    [Fact]
    public void AWallClockThatIsSetBackDoesNotTakeTimeBack()
    {
        var wall = new WallClock(Noon);
        var clock = new ClusterClock(wall);
        clock.FollowLocal();
        wall.Set(TimeSpan.FromMinutes(-25));
        Assert.Equal(TimeSpan.FromMinutes(-25), clock.FollowLocal());
        Assert.Equal(Noon, clock.GetUtcNow());
        wall.Advance(TimeSpan.FromMinutes(1));
        clock.FollowLocal();
        Assert.InRange(clock.GetUtcNow(), Noon + TimeSpan.FromSeconds(57), Noon + TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void AJumpForwardIsToldOnceAndTheFirstMeasurementIsNone()
    {
        var wall = new WallClock(Noon);
        var clock = new ClusterClock(wall);
        var told = 0;
        clock.Jumped += () => told++;
        clock.FollowLocal();
        wall.Set(TimeSpan.FromHours(24));
        clock.FollowLocal();
        clock.FollowLocal();
        Assert.Equal(Noon + TimeSpan.FromHours(24), clock.GetUtcNow());
        Assert.Equal(1, told);
    }

    [Fact]
    public void AMonotonicClockGoesOnWhateverIsDoneToTheWallClock()
    {
        var wall = new WallClock(Noon);
        var clock = new MonotonicClock(wall);
        wall.Set(TimeSpan.FromMinutes(-25));
        wall.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Noon + TimeSpan.FromSeconds(1), clock.GetUtcNow());
    }

    [Fact]
    public async Task ASiloThatCannotActivateGrainsSaysSo()
    {
        // Orleans' own clock of activations, set back: what the wall clock would be to it if it were left alone.
        var wall = new WallClock(TimeProvider.System.GetUtcNow());
        await using var silo = await Setting.TestSilo.StartAsync(
            configure: options =>
                (options.CanaryInterval, options.CanaryPatience) = (TimeSpan.FromHours(1), TimeSpan.FromSeconds(2)),
            services: services => services.AddKeyedSingleton<TimeProvider>(TimeProviderNames.ActivationManagement, wall)
        );
        var canary = silo.Get<ActivationCanary>();
        await canary.RunOnceAsync(CancellationToken.None);
        Assert.Null(canary.FailingBecause);

        wall.Set(TimeSpan.FromMinutes(-25));
        using var bound = new CancellationTokenSource(Setting.TestSilo.Bound);
        while (canary.FailingBecause is null)
            await canary.RunOnceAsync(bound.Token);
        Assert.Contains("cannot activate groups", canary.FailingBecause, StringComparison.Ordinal);

        wall.Set(TimeSpan.Zero);
        await canary.RunOnceAsync(CancellationToken.None);
        Assert.Null(canary.FailingBecause);
    }

    [Fact]
    public async Task HeadIsCheckedOnceForManyAndAgainForThoseWhoAskMeanwhile()
    {
        var runs = 0;
        var gates = new Queue<TaskCompletionSource>([new(), new(), new()]);
        var began = new SemaphoreSlim(0);
        var check = new HeadCheck(() =>
        {
            runs++;
            var gate = gates.Dequeue();
            began.Release();
            return gate.Task;
        });
        var all = gates.ToArray();
        var first = check.RunAsync();
        Assert.True(await began.WaitAsync(Setting.TestSilo.Bound));
        var meanwhile = Enumerable.Range(0, 5).Select(_ => check.RunAsync()).ToArray();
        all[0].SetResult();
        await first;
        Assert.True(await began.WaitAsync(Setting.TestSilo.Bound));
        Assert.DoesNotContain(meanwhile, task => task.IsCompleted);
        all[1].SetResult();
        await Task.WhenAll(meanwhile);
        Assert.Equal(2, runs);
    }

    [Fact]
    public async Task FailedCheckFailsThoseWhoAskedAndNotTheNext()
    {
        var runs = 0;
        var check = new HeadCheck(() => ++runs == 1 ? Task.FromException(new IOException()) : Task.CompletedTask);
        await Assert.ThrowsAsync<IOException>(check.RunAsync);
        await check.RunAsync();
        Assert.Equal(2, runs);
    }

    [Fact]
    public void EveryFaultySettingIsNamedAtOnce()
    {
        var check = new GrainsOptionsCheck();
        Assert.True(check.Validate(null, new GrainsOptions()).Succeeded);
        var options = new GrainsOptions
        {
            Retention = { TaskRuns = TimeSpan.FromDays(1), Journals = TimeSpan.FromDays(1) },
            Schedules = { [VoucherScan.TypeName] = new ScheduleChange { Zone = "Mars/Olympus" } },
        };
        Assert.Equal(3, check.Validate(null, options).Failures!.Count());
    }

    [Fact]
    public void WhatAReleaseFixesFitsTogether()
    {
        var options = new GrainsOptions();
        // The next window is in memory before this one ends.
        Assert.True(options.Horizon >= 2 * options.HorizonReadInterval);
        Assert.True(options.HorizonMin < options.Horizon);
        // A long poll of 10 s ends before its call does, and a call of a port before the run that made it.
        Assert.True(GrainsOptions.ResponseTimeout > TimeSpan.FromSeconds(10));
        Assert.True(options.RunTimeout > options.PortTimeout);
    }

    /// <summary>A machine's clocks: the wall clock can be set, the monotonic one only goes on.</summary>
    private sealed class WallClock(DateTimeOffset start) : TimeProvider
    {
        private readonly FakeTimeProvider _monotonic = new(start);
        private TimeSpan _offset;

        public override long TimestampFrequency => _monotonic.TimestampFrequency;

        public void Set(TimeSpan offset) => _offset = offset;

        public void Advance(TimeSpan by) => _monotonic.Advance(by);

        public override long GetTimestamp() => _monotonic.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => _monotonic.GetUtcNow() + _offset;
    }
}
