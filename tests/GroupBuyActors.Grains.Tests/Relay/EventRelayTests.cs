using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Ports;
using GroupBuyActors.Reading;
using GroupBuyActors.Setting;
using GroupBuyActors.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Relay;

/// <summary>From streams to a log outside; what happens by chance is <see cref="EventRelayModelTests"/>'s.</summary>
public sealed class EventRelayTests
{
    private const string Id = "10042.SH-PUDONG.tea-1123";
    private const string Sink = "kafka";
    private static readonly ActorId Tea = ActorId.Parse("groups:1.SH.tea");
    private static readonly ActorId Crab = ActorId.Parse("groups:2.SH.crab");
    private static readonly ActorEventRegistry GroupsOnly = new([new PublishedGroupEvents()]);
    private readonly ScriptedJournal _journal = new();
    private readonly ScriptedPublisher _publisher = new();

    [Fact]
    public async Task ALogThatIsAwayHoldsUpNoListAndLosesNothing()
    {
        _publisher.GoAway();
        await using var silo = await TestSilo.StartAsync(services: services =>
            services.AddSingleton<IEventPublisher>(_publisher)
        );
        var group = await silo.PublishAsync(Id, minGroupSize: 1);
        await silo.ProjectedAsync(Id, GroupPhase.OnShelf);
        var streams = silo.Get<IStreams>();
        var behind = await Task.WhenAll(
            silo.Committer.Streams.Select(async stream =>
                await streams.EndAsync(stream, CancellationToken.None)
                - await streams.CursorAsync(stream, Sink, CancellationToken.None)
            )
        );
        Assert.Contains(behind, positions => positions > 0);
        Assert.Empty(_publisher.Log);
        await group.Withdraw();
        await silo.ProjectedAsync(Id, GroupPhase.Expired);
        _publisher.ComeBack();
        await PublishedAsync(silo);
    }

    [Fact]
    public async Task ALogThatIsAwayDoesNotKeepASiloFromStopping()
    {
        _publisher.GoAway();
        var silo = await TestSilo.StartAsync(
            services: services => services.AddSingleton<IEventPublisher>(_publisher),
            configure: options => options.RelayFlushBound = TimeSpan.FromMilliseconds(200)
        );
        await silo.PublishAsync(Id, minGroupSize: 1);
        await silo.ProjectedAsync(Id, GroupPhase.OnShelf);
        await silo.StopAsync().WaitAsync(TestSilo.Bound);
        Assert.Empty(_publisher.Log);

        // Whoever comes next takes the streams over, events and all; and the lists do not wait for that either.
        await using var second = await TestSilo.StartAsync(
            silo.File,
            silo.Time,
            services: services => services.AddSingleton<IEventPublisher>(_publisher)
        );
        await second.Group(Id).Withdraw();
        await second.ProjectedAsync(Id, GroupPhase.Expired);
        _publisher.ComeBack();
        await PublishedAsync(second);
    }

    [Fact]
    public async Task EventsOfBothLivesOfASiloComeOutInOrder()
    {
        var first = await TestSilo.StartAsync(services: services => services.AddSingleton<IEventPublisher>(_publisher));
        var group = await first.PublishAsync(Id, minGroupSize: 1);
        var joined = await group.Join(new JoinGroup("user-1"));
        _publisher.GoAway();
        await group.Pay(new PayOrder(1, "pay-1", joined.Value!.Total));
        await TestSilo.UntilAsync(group, view => view.State == GroupPhase.Fulfilled);
        await first.KillAsync();
        _publisher.ComeBack();
        await using var second = await TestSilo.StartAsync(
            first.File,
            first.Time,
            services: services => services.AddSingleton<IEventPublisher>(_publisher)
        );
        await second.Group(Id).Get();
        await PublishedAsync(second);
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while ((await second.Get<IStreams>().ListAsync(bound.Token)).Any(row => row.State == StreamState.Dead))
            await Task.Delay(20, bound.Token);
    }

    [Fact]
    public async Task AGroupThatMovedWaitsAloneUntilItsOldHomeIsRelayed()
    {
        Commit(1, Tea, 2);
        Commit(2, Tea, 2);
        Commit(2, Crab, 1);
        var there = Relay(2);
        await TakeAllAsync(there, 2);
        Assert.Equal([(Crab, 1L)], _publisher.Log);
        await there.MaintainAsync(3, default);
        await there.MoveCursorAsync(_journal, 2, 3, default);
        Assert.Equal(
            (2L, 3L, BlockedActorState.Waiting),
            _journal.BlockedActorRows.Select(row => (row.Stream, row.Sequence, row.State)).Single()
        );
        Assert.Equal((1, 0), (there.ActorsWaiting, there.ActorsParked));

        var here = Relay(1);
        await TakeAllAsync(here, 1);
        Assert.False(await there.MaintainAsync(3, default));
        // Passed by the cursor: relayed, for all who look at the table.
        await here.MoveCursorAsync(_journal, 1, 2, default);
        Assert.True(await there.MaintainAsync(3, default));
        Assert.Equal([1L, 2, 3, 4], _publisher.Read(Tea));
        Assert.Empty(_journal.BlockedActorRows);
    }

    [Fact]
    public async Task ACrashBetweenSettingAsideAndReleasingLosesNothing()
    {
        Commit(1, Tea, 1);
        Commit(2, Tea, 2);
        var there = Relay(2);
        await TakeAllAsync(there, 2);
        await there.MoveCursorAsync(_journal, 2, 2, default);
        await _journal.MoveCursorAsync(1, Sink, 0, default);

        var adopter = Relay(2);
        Assert.False(await adopter.MaintainAsync(2, default));
        var here = Relay(1);
        await TakeAllAsync(here, 1);
        await here.MoveCursorAsync(_journal, 1, 1, default);
        Assert.True(await adopter.MaintainAsync(2, default));
        Assert.Equal([1L, 2, 3], _publisher.Read(Tea));
    }

    [Fact]
    public async Task WhatFailsIsOfferedAgainFromTheFirstThatIsNotPublished()
    {
        Commit(1, Tea, 3);
        Commit(1, Crab, 2);
        var failures = 2;
        _publisher.Fails = e => e.Actor == Tea && e.Sequence == 2 && failures-- > 0;
        var relay = Relay(1);
        await Assert.ThrowsAsync<EventsOpenException>(() => TakeAllAsync(relay, 1));
        Assert.Equal([(Tea, 1L), (Crab, 1), (Crab, 2)], _publisher.Log);
        await Assert.ThrowsAsync<EventsOpenException>(() => TakeAllAsync(relay, 1));
        await TakeAllAsync(relay, 1);
        // Nothing is repeated that is known to be out.
        Assert.Equal([(Tea, 1L), (Crab, 1), (Crab, 2), (Tea, 2), (Tea, 3)], _publisher.Log);
    }

    [Fact]
    public async Task ARefusedEventParksItsGroupAloneAndAnOperatorDecides()
    {
        Commit(1, Tea, 3);
        Commit(1, Crab, 1);
        _publisher.Poison(Tea, 2);
        var time = new FakeTimeProvider();
        var relay = Relay(1, time);
        await TakeAllAsync(relay, 1);
        Assert.False(await relay.MaintainAsync(4, default));
        await relay.MoveCursorAsync(_journal, 1, 4, default);
        Assert.Equal(
            (2L, BlockedActorState.Parked, "Too large."),
            _journal.BlockedActorRows.Select(row => (row.Sequence, row.State, row.Reason)).Single()
        );
        Assert.Equal((0, 1), (relay.ActorsWaiting, relay.ActorsParked));

        // Another stream's events of the group wait behind it.
        Commit(2, Tea, 1);
        var there = Relay(2);
        await TakeAllAsync(there, 2);
        Assert.False(await there.MaintainAsync(1, default));

        await _journal.RetryAsync(Sink, Tea, default);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(await relay.MaintainAsync(4, default));
        Assert.Equal(1, relay.ActorsParked);
        await _journal.SkipAsync(Sink, Tea, default);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(await relay.MaintainAsync(4, default));
        Assert.True(await there.MaintainAsync(1, default));
        Assert.Equal([1L, 3, 4], _publisher.Read(Tea, sequence => sequence == 2));
        Assert.Equal([1L], _publisher.Read(Crab));
    }

    [Fact]
    public async Task AJournalRowThatCannotBeReadParksItsGroup()
    {
        Commit(1, Tea, 1);
        _journal.Commit(1, Tea, "nonsense"u8.ToArray());
        Commit(1, Tea, 1);
        var relay = Relay(1);
        await TakeAllAsync(relay, 1);
        Assert.Equal([1L], _publisher.Read(Tea));
        Assert.Equal(1, relay.ActorsParked);
    }

    [Fact]
    public async Task AStreamWaitsWhereTooManyGroupsAreSetAside()
    {
        for (var n = 1; n <= 4; n++)
            Commit(1, ActorId.Parse($"groups:{n}.SH.tea"), 1);
        for (var n = 1; n <= 4; n++)
            Commit(2, ActorId.Parse($"groups:{n}.SH.tea"), 1);
        var there = Relay(2, options: new GrainsOptions { BlockedActorsMax = 2, RelayPublishMax = 1 });
        await Assert.ThrowsAsync<InvalidOperationException>(() => TakeAllAsync(there, 2));
        Assert.Equal(2, there.ActorsWaiting);
        await TakeAllAsync(Relay(1), 1);
        await _journal.MoveCursorAsync(1, Sink, 4, default);
        await TakeAllAsync(there, 2);
        await there.MaintainAsync(4, default);
        for (var n = 1; n <= 4; n++)
            Assert.Equal([1L, 2], _publisher.Read(ActorId.Parse($"groups:{n}.SH.tea")));
    }

    [Fact]
    public async Task WhileTheLogIsAwayMemoryIsBoundedAndLagIsToldByTheOldestEvent()
    {
        var clock = new FakeTimeProvider(TestSilo.Evening);
        _publisher.GoAway();
        var options = new GrainsOptions
        {
            RelayBacklogMax = 10,
            RelayBatchMax = 7,
            RelayCursorInterval = TimeSpan.FromMilliseconds(1),
        };
        var pump = new StreamForwarder(1, Relay(1, options: options), Services(options, clock));
        using var stop = new CancellationTokenSource();
        var running = pump.RunAsync(Loops.NewContext(TimeProvider.System), stop.Token);
        for (var n = 0; n < 100; n++)
        {
            pump.Add(_journal.Commit(1, Tea, time: clock.GetUtcNow()));
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(100, pump.Lag);
        Assert.InRange(pump.Backlog, 93, 100);
        _publisher.ComeBack();
        await _publisher.UntilAsync(log => log.Count == 100);
        await stop.CancelAsync();
        Assert.True(
            await pump.StopAsync(running, new CancellationTokenSource(TestSilo.Bound, TimeProvider.System).Token)
        );
        Assert.Equal(0, pump.Lag);
        Assert.Equal(Enumerable.Range(1, 100).Select(n => (long)n), _publisher.Log.Select(e => e.Sequence));
        Assert.InRange(_publisher.OfferedMax, 1, 7);
        Assert.Equal(100, await _journal.CursorAsync(1, Sink, default));
    }

    [Fact]
    public async Task ADeadStreamIsCarriedFromItsCursorWithWhatWasSetAside()
    {
        Commit(1, Tea, 1);
        Commit(2, Tea, 30);
        await _journal.MoveCursorAsync(
            2,
            Sink,
            10,
            [new BlockedActorRow(2, Tea, 2, BlockedActorState.Waiting, default, null)],
            default
        );
        var options = new GrainsOptions { RelayBatchMax = 7, RelayCursorInterval = TimeSpan.FromMilliseconds(1) };
        var drained = new StreamForwarder(
            2,
            Relay(2, options: options),
            Services(options, TimeProvider.System)
        ).DrainAsync(CancellationToken.None);
        var first = new StreamForwarder(1, Relay(1), Services(options, TimeProvider.System));
        await first.DrainAsync(CancellationToken.None).WaitAsync(TestSilo.Bound);
        await drained.WaitAsync(TestSilo.Bound);
        Assert.Equal(Enumerable.Range(1, 31).Select(n => (long)n), _publisher.Read(Tea));
        Assert.Empty(_journal.BlockedActorRows);
        Assert.Equal(30, await _journal.CursorAsync(2, Sink, default));
    }

    [Fact]
    public async Task WhoCarriesAStreamThatAnotherHasDrainedLetsItGo()
    {
        Commit(1, Tea, 1);
        Commit(2, Tea, 1);
        var there = Relay(2);
        await TakeAllAsync(there, 2);
        Assert.False(await there.MaintainAsync(1, default));
        await _journal.MarkDrainedAsync(2, default);
        Assert.True(await there.MaintainAsync(1, default));
        Assert.Empty(_publisher.Log);
    }

    private void Commit(long stream, ActorId group, int events)
    {
        for (var n = 0; n < events; n++)
            _journal.Commit(stream, group);
    }

    private async Task TakeAllAsync(EventRelay relay, long stream) =>
        await relay.TakeAsync(await _journal.ReadAsync(stream, 0, 1_000, default), default);

    private RelayServices Services(GrainsOptions options, TimeProvider clock) =>
        new(_journal, options, new RelayMetrics(new NoMeters()), TimeProvider.System, clock, NullLogger.Instance);

    private EventRelay Relay(long stream, TimeProvider? time = null, GrainsOptions? options = null)
    {
        var (clock, metrics) = (time ?? TimeProvider.System, new RelayMetrics(new NoMeters()));
        options ??= new GrainsOptions();
        return new EventRelay(
            stream,
            _publisher,
            GroupsOnly,
            _journal,
            new BlockedActors(
                stream,
                _publisher,
                GroupsOnly,
                _journal,
                _journal,
                clock,
                options,
                metrics,
                NullLogger.Instance
            ),
            options,
            metrics,
            clock
        );
    }

    /// <summary>Waits until the log has the group's whole history, in order.</summary>
    private async Task PublishedAsync(TestSilo silo)
    {
        var group = GroupId.Parse(Id).Actor;
        var head = await silo.Get<IActorReader>().HeadAsync(group, CancellationToken.None);
        await _publisher.UntilAsync(log => log.Any(e => e.Actor == group && e.Sequence == head));
        Assert.Equal(Enumerable.Range(1, (int)head).Select(n => (long)n), _publisher.Read(group));
    }
}
