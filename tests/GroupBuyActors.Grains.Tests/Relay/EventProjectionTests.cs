using GroupBuyActors.Groups;
using GroupBuyActors.Ports;
using GroupBuyActors.Setting;
using GroupBuyActors.Streams;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Relay;

/// <summary>A projection that somebody adds beside those that are there.</summary>
public sealed class EventProjectionTests
{
    private const string Id = "10042.SH-PUDONG.tea-1123";
    private readonly Sequences _kept = new();

    [Fact]
    public async Task AFurtherProjectionIsFedFromTheBeginningAndGoesOnAfterARestart()
    {
        var first = await TestSilo.StartAsync(services: Register);
        var group = await first.PublishAsync(Id, minGroupSize: 1);
        var joined = await group.Join(new JoinGroup("user-1"));
        // The last event that follows by itself: one more behind the cursor would rightly come again.
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (!(await first.HistoryAsync(Id)).Contains("stock.deducted"))
            await Task.Delay(10, bound.Token);
        await first.RelayedAsync();
        var before = _kept.Of(Id);
        Assert.Equal(await first.HistoryAsync(Id), before.Select(e => e.Type));
        Assert.Equal(Enumerable.Range(1, before.Count), before.Select(e => (int)e.Sequence));

        // What it cannot take now it is given by whoever comes next.
        _kept.IsAway = true;
        await group.Pay(new PayOrder(1, "pay-1", joined.Value!.Total));
        await TestSilo.UntilAsync(group, view => view.State == GroupPhase.Fulfilled);
        await first.KillAsync();
        Assert.Equal(before, _kept.Of(Id));
        _kept.IsAway = false;
        await using var second = await TestSilo.StartAsync(first.File, first.Time, services: Register);
        var history = await second.HistoryAsync(Id);
        Assert.True(history.Count > before.Count);
        await TestSilo.UntilAsync(() => _kept.Of(Id).Count >= history.Count);

        // In sequence; and what its cursor had passed did not come again.
        Assert.Equal(history, _kept.Of(Id).Select(e => e.Type).Take(history.Count));
        Assert.Equal(Enumerable.Range(1, _kept.Of(Id).Count), _kept.Of(Id).Select(e => (int)e.Sequence));
    }

    /// <summary>
    /// A pass over the cluster lists the streams, and one of them is drained and removed before the pass comes to it.
    /// </summary>
    [Fact]
    public async Task AStreamThatWasDrainedMeanwhileIsNotForwardedAgain()
    {
        var first = await TestSilo.StartAsync(services: Register);
        await first.PublishAsync(Id, minGroupSize: 1);
        await first.RelayedAsync();
        var streams = first.Committer.Streams;
        await first.KillAsync();
        await using var second = await TestSilo.StartAsync(first.File, first.Time, services: Register);
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while ((await second.Get<IStreams>().ListAsync(bound.Token)).Any(row => streams.Contains(row.Id)))
            await Task.Delay(20, bound.Token);
        var kept = _kept.Of(Id);
        Assert.NotEmpty(kept);
        foreach (var stream in streams)
            await second.Get<StreamRelay>().DrainAsync(stream, bound.Token);
        Assert.Equal(kept, _kept.Of(Id));
    }

    [Fact]
    public async Task AProjectionIsGivenTheEventsOfItsKindsOnlyAndItsCursorPassesTheOthers()
    {
        await using var silo = await TestSilo.StartAsync(services: Register);
        await silo.PublishAsync(Id, minGroupSize: 1);
        await silo.RelayedAsync();
        Assert.NotEmpty(_kept.Of(Id));
        Assert.Equal(0, silo.Get<OtherKinds>().Applied);
        var cursors = await Task.WhenAll(
            silo.Committer.Streams.Select(stream =>
                silo.Get<IStreams>().CursorAsync(stream, OtherKinds.SinkName, default)
            )
        );
        Assert.Contains(cursors, cursor => cursor > 0);
    }

    [Fact]
    public void TwoSinksOfOneNameAreRefusedForTheyWouldShareTheirCursors()
    {
        var services = new ServiceCollection().BuildServiceProvider();
        var thrown = Assert.Throws<InvalidOperationException>(() =>
            new StreamSinks([new RecordingSink("lists"), new RecordingSink("lists")], [], services)
        );
        Assert.Equal("Two sinks are registered under the name 'lists'.", thrown.Message);
    }

    private void Register(IServiceCollection services) =>
        services.AddSingleton(_kept).AddEventProjection<SequenceProjection>().AddEventProjection<OtherKinds>();

    /// <summary>What is kept, beyond the life of a silo.</summary>
    private sealed class Sequences
    {
        private readonly Lock _gate = new();
        private readonly List<OutgoingEvent> _events = [];

        public volatile bool IsAway;

        public List<(long Sequence, string Type)> Of(string group)
        {
            lock (_gate)
                return [.. _events.Where(e => e.Actor.Key == group).Select(e => (e.Sequence, e.Type))];
        }

        public void Add(IReadOnlyList<OutgoingEvent> events)
        {
            if (IsAway)
                throw new IOException("The projection's store is away.");
            lock (_gate)
                _events.AddRange(events);
        }
    }

    private sealed class SequenceProjection(Sequences kept) : IEventProjection
    {
        public string Name => "sequences";

        public IReadOnlyCollection<string> Kinds => [GroupActors.Kind];

        public Task ApplyAsync(IReadOnlyList<OutgoingEvent> events, CancellationToken cancellation)
        {
            kept.Add(events);
            return Task.CompletedTask;
        }
    }

    private sealed class OtherKinds : IEventProjection
    {
        public const string SinkName = "other-kinds";

        public int Applied { get; private set; }

        public string Name => SinkName;

        public IReadOnlyCollection<string> Kinds => ["merchants"];

        public Task ApplyAsync(IReadOnlyList<OutgoingEvent> events, CancellationToken cancellation)
        {
            Applied += events.Count;
            return Task.CompletedTask;
        }
    }
}
