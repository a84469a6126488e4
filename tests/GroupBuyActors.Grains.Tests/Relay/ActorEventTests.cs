using System.Text;
using GroupBuyActors.Groups;
using GroupBuyActors.Ports;
using GroupBuyActors.Reading;
using GroupBuyActors.Setting;
using GroupBuyActors.Streams;
using GroupBuyActors.TestActors;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Relay;

/// <summary>What leaves the journal of actors that are no groups, and of groups that lie behind them.</summary>
public sealed class ActorEventTests
{
    private const string GroupKey = "10042.SH.tea-1123";
    private static readonly ActorId Account = new("accounts", "10042.SH.savings");
    private static readonly ActorId Group = GroupId.Parse(GroupKey).Actor;
    private readonly ScriptedPublisher _publisher = new();
    private readonly Given _given = new();

    [Fact]
    public async Task APublishedKindGoesOutAsItsOwnCodecWritesIt()
    {
        await using var silo = await StartAsync(new AccountEvents(isPublished: true));
        await DepositThenPublishGroupAsync(silo);
        await _publisher.UntilAsync(log => log.Contains((Group, 1)) && log.Contains((Account, 1)));
        var deposited = _publisher.Events.First(e => e.Actor == Account);
        Assert.Equal(
            ("account.deposited", 1, """{"amount":100}"""),
            (deposited.Type, deposited.Version, Encoding.UTF8.GetString(deposited.Data.Span))
        );
        var publishing = _publisher.Events.First(e => e.Actor == Group);
        var row = (await silo.Get<IActorReader>().HistoryAsync(Group, 0, 1, default))[0];
        Assert.Equal(JournalPayload.Data(row.Type, row.Version, row.Payload).ToArray(), publishing.Data.ToArray());
    }

    [Fact]
    public async Task AKindWithoutACodecIsPassedOverAndAGroupBehindItInTheStreamIsRelayed()
    {
        await using var silo = await StartAsync(null);
        await DepositThenPublishGroupAsync(silo);
        await _publisher.UntilAsync(log => log.Contains((Group, 1)));
        await silo.RelayedAsync();
        Assert.DoesNotContain(_publisher.Log, e => e.Actor == Account);
        Assert.Empty(_given.Events);
        foreach (var stream in silo.Committer.Streams)
            Assert.Empty(await silo.Get<IBlockedActorStore>().ReadAsync(stream, "kafka", 10, default));
    }

    [Fact]
    public async Task AKindThatIsNotPublishedReachesTheProjectionsThatNameItAndNoPublisher()
    {
        await using var silo = await StartAsync(new AccountEvents(isPublished: false));
        await DepositThenPublishGroupAsync(silo);
        await _publisher.UntilAsync(log => log.Contains((Group, 1)));
        await silo.RelayedAsync();
        Assert.DoesNotContain(_publisher.Log, e => e.Actor == Account);
        Assert.Equal([(Account, 1L)], _given.Events.Select(e => (e.Actor, e.Sequence)));
    }

    [Fact]
    public void AKindIsRegisteredOnce()
    {
        var thrown = Assert.Throws<InvalidOperationException>(() =>
            new ActorEventRegistry([new AccountEvents(true), new AccountEvents(false)])
        );
        Assert.Equal("The events of the kind 'accounts' are registered twice.", thrown.Message);
    }

    /// <summary>Both are in the shard of one merchant and region, so their events lie in one stream.</summary>
    private static async Task DepositThenPublishGroupAsync(TestSilo silo)
    {
        await silo.Client.GetGrain<IAccount>(Account.Key).Deposit("r1", 100);
        await silo.PublishAsync(GroupKey);
        var reader = silo.Get<IActorReader>();
        var (deposit, publishing) = (
            (await reader.HistoryAsync(Account, 0, 1, default))[0],
            (await reader.HistoryAsync(Group, 0, 1, default))[0]
        );
        Assert.Equal(deposit.Stream, publishing.Stream);
        Assert.True(deposit.Position < publishing.Position);
    }

    private Task<TestSilo> StartAsync(IActorEvents? events) =>
        TestSilo.StartAsync(services: services =>
        {
            services
                .AddAccounts()
                .AddSingleton<IEventPublisher>(_publisher)
                .AddSingleton(_given)
                .AddEventProjection<AccountProjection>();
            if (events is not null)
                services.AddSingleton(events);
        });

    private sealed class Given
    {
        private readonly Lock _gate = new();
        private readonly List<OutgoingEvent> _events = [];

        public IReadOnlyList<OutgoingEvent> Events
        {
            get
            {
                lock (_gate)
                    return [.. _events];
            }
        }

        public void Add(IReadOnlyList<OutgoingEvent> events)
        {
            lock (_gate)
                _events.AddRange(events);
        }
    }

    private sealed class AccountProjection(Given given) : IEventProjection
    {
        public string Name => "account-events";

        public IReadOnlyCollection<string> Kinds => ["accounts"];

        public Task ApplyAsync(IReadOnlyList<OutgoingEvent> events, CancellationToken cancellation)
        {
            given.Add(events);
            return Task.CompletedTask;
        }
    }
}
