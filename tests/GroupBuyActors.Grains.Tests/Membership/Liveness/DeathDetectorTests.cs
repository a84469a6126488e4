using System.Net;
using System.Net.Sockets;
using System.Text;
using GroupBuyActors.Hosting;
using GroupBuyActors.Retries;
using GroupBuyActors.Setting;
using GroupBuyActors.Store;
using GroupBuyActors.Store.Placement;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Membership.Liveness;

/// <summary>Watching silos at real ports of this machine; Orleans' membership is the test's.</summary>
public sealed class DeathDetectorTests : IAsyncLifetime
{
    private const int DeclaringDead = 2014,
        DeclaredDead = 2015,
        PeerUnknown = 2016;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private static readonly SiloAddress Self = At(11111, 5),
        Peer = At(11131, 7),
        PeerRestarted = At(11131, 8),
        BeforeSelf = At(11121, 3),
        AfterSelf = At(11101, 9);

    private readonly CancellationTokenSource _stopping = new();
    private readonly KeptLog _log = new();
    private readonly FakeTimeProvider _time = new();
    private readonly ServiceProvider _services = new ServiceCollection()
        .AddGroupBuyStore(store =>
            store.ConnectionString =
                $"Data Source={Path.Combine(Directory.CreateTempSubdirectory("groupbuy-detector-").FullName, "a.db")}"
        )
        .BuildServiceProvider();

    public async ValueTask InitializeAsync() =>
        await _services.GetRequiredService<IStoreHealth>().MigrateAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task ASiloWhosePortIsClosedAfterItAnsweredIsDeclaredDead()
    {
        using var peer = Listen(Peer);
        var membership = new ScriptedMembers(Self, Peer);
        var detector = await WatchAsync(membership, peer.Endpoint.Port);
        await UntilAsync(() => detector.Watched == 1);
        peer.Dispose();
        await UntilAsync(() => membership.Killed.Contains(Peer));
        Assert.Contains("refused two connections", Assert.Single(_log.Of(DeclaringDead)), StringComparison.Ordinal);
        // It is watched no longer once it is no member.
        await detector.RunOnceAsync(_stopping.Token);
        Assert.Equal(0, detector.Watched);
    }

    [Fact]
    public async Task ASiloAtWhosePortAnotherGenerationAnswersIsDeclaredDead()
    {
        using var peer = new ScriptedPeer();
        var membership = new ScriptedMembers(Self, Peer);
        var detector = await WatchAsync(membership, peer.Port);
        using (await peer.AcceptAsync(new LivenessHello(Peer, false)))
            await UntilAsync(() => detector.Watched == 1);
        using var restarted = await peer.AcceptAsync(new LivenessHello(PeerRestarted, false));
        await UntilAsync(() => membership.Killed.Contains(Peer));
        Assert.DoesNotContain(PeerRestarted, membership.Killed);
        Assert.Contains("generation 8", Assert.Single(_log.Of(DeclaringDead)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASiloThatAnswersAgainAfterItsConnectionEndedLives()
    {
        using var peer = new ScriptedPeer();
        var membership = new ScriptedMembers(Self, Peer);
        var detector = await WatchAsync(membership, peer.Port);
        for (var i = 0; i < 3; i++)
            using (await peer.AcceptAsync(new LivenessHello(Peer, false)))
                await UntilAsync(() => detector.Watched == 1);
        Assert.Empty(membership.Killed);
    }

    [Fact]
    public async Task ASiloWhoseConnectionIsResetAndThatAnswersAgainLives()
    {
        using var peer = new ScriptedPeer();
        var membership = new ScriptedMembers(Self, Peer);
        var detector = await WatchAsync(membership, peer.Port);
        using (var connection = await peer.AcceptAsync(new LivenessHello(Peer, false)))
        {
            await UntilAsync(() => detector.Watched == 1);
            connection.LingerState = new LingerOption(true, 0);
        }

        using var again = await peer.AcceptAsync(new LivenessHello(Peer, false));
        await UntilAsync(() => detector.Watched == 1);
        Assert.Empty(membership.Killed);
    }

    [Fact]
    public async Task ASiloThatAcceptsAndIsSilentIsLeftToOrleans()
    {
        using var peer = new ScriptedPeer();
        var membership = new ScriptedMembers(Self, Peer);
        var detector = await WatchAsync(membership, peer.Port);
        using (await peer.AcceptAsync(new LivenessHello(Peer, false)))
            await UntilAsync(() => detector.Watched == 1);
        using var silent = await peer.AcceptAsync(null);
        using var silentAgain = await peer.AcceptAsync(null);
        using var silentStill = await peer.AcceptAsync(null);
        Assert.Single(_log.Of(PeerUnknown));
        using var thawed = await peer.AcceptAsync(new LivenessHello(Peer, false));
        await UntilAsync(() => detector.Watched == 1);
        Assert.Empty(membership.Killed);
    }

    [Fact]
    public async Task ASiloThatDrainsAndEndsIsFoundDeadOnlyIfItStaysAMember()
    {
        using var peer = Listen(Peer);
        var membership = new ScriptedMembers(Self, Peer);
        var detector = await WatchAsync(membership, peer.Endpoint.Port);
        await UntilAsync(() => detector.Watched == 1);
        peer.Drain();
        peer.Dispose();
        await UntilAsync(() => _log.Of(PeerUnknown).Count == 1);
        Assert.Empty(membership.Killed);
        // It was killed while it drained.
        _time.Advance(new LivenessTimes().DrainingGrace);
        await UntilAsync(() => membership.Killed.Contains(Peer));
    }

    [Fact]
    public async Task APortThatRefusesFromTheBeginningKillsNobody()
    {
        using var peer = Listen(Peer);
        var port = peer.Endpoint.Port;
        peer.Dispose();
        var membership = new ScriptedMembers(Self, Peer);
        var detector = await WatchAsync(membership, port);
        await UntilAsync(() => _log.Of(PeerUnknown).Count == 1);
        using var late = new LivenessListener(Peer, new IPEndPoint(IPAddress.Loopback, port), NullLogger.Instance);
        await UntilAsync(() => detector.Watched == 1);
        Assert.Empty(membership.Killed);
    }

    [Fact]
    public async Task ADeclarationThatIsLostIsMadeAgain()
    {
        using var peer = Listen(Peer);
        var membership = new ScriptedMembers(Self, Peer) { Lost = 2 };
        // Waits for the declaration to be known are by the clock.
        var detector = await WatchAsync(membership, peer.Endpoint.Port, TimeProvider.System);
        await UntilAsync(() => detector.Watched == 1);
        peer.Dispose();
        await UntilAsync(() => membership.Killed.Contains(Peer));
        Assert.Equal(3, membership.Declarations);
    }

    [Fact]
    public async Task ADeathIsToldAlsoWhereItsWatchEndsBeforeTheDeclarationIsSeenToBeInForce()
    {
        var membership = new ScriptedMembers(Self, Peer) { Lost = 1 };
        using var watch = new CancellationTokenSource();
        var declaring = Detector(membership, _time).PeerDiedAsync(Peer, "test", watch.Token);
        Assert.Equal(1, membership.Declarations);
        // Who follows the members sees it first.
        membership.Remove(Peer);
        await watch.CancelAsync();
        await declaring.WaitAsync(Bound, TestContext.Current.CancellationToken);
        Assert.Single(_log.Of(DeclaredDead));
    }

    [Fact]
    public async Task OneSiloDeclaresADeathAtOnceAndTheNextOnlyIfItIsNotKnownByThen()
    {
        // In the order of their addresses the silo that began first is first.
        var ahead = new ScriptedMembers(Self, Peer, AfterSelf);
        await Detector(ahead, _time)
            .PeerDiedAsync(Peer, "test", _stopping.Token)
            .WaitAsync(Bound, TestContext.Current.CancellationToken);
        Assert.Equal(1, ahead.Declarations);

        var membership = new ScriptedMembers(Self, Peer, BeforeSelf);
        var first = Detector(membership, _time).PeerDiedAsync(Peer, "test", _stopping.Token);
        Assert.Equal(0, membership.Declarations);
        membership.Remove(Peer);
        _time.Advance(new LivenessTimes().Poll);
        await first.WaitAsync(Bound, TestContext.Current.CancellationToken);
        Assert.Equal(0, membership.Declarations);

        membership = new ScriptedMembers(Self, Peer, BeforeSelf);
        var second = Detector(membership, _time).PeerDiedAsync(Peer, "test", _stopping.Token);
        _time.Advance(new LivenessTimes().Stagger);
        await second.WaitAsync(Bound, TestContext.Current.CancellationToken);
        Assert.Equal(1, membership.Declarations);
    }

    [Fact]
    public async Task WhereItIsOffNobodyIsWatched()
    {
        using var peer = new ScriptedPeer();
        var ports = _services.GetRequiredService<LivenessPorts>();
        await ports.AddAsync(Peer.ToParsableString(), peer.Port, CancellationToken.None);
        var off = Detector(new ScriptedMembers(Self, Peer), _time, isOn: false);
        Assert.Equal(0, await off.RunOnceAsync(_stopping.Token));
        // Whoever connects now is the one that is on.
        var on = Detector(new ScriptedMembers(Self, Peer), _time);
        await on.RunOnceAsync(_stopping.Token);
        using var connection = await peer.AcceptAsync(new LivenessHello(Peer, false));
        await UntilAsync(() => on.Watched == 1);
        Assert.False(peer.HasPending);
    }

    [Fact]
    public async Task ASiloWithoutAPortIsReportedAndWatchedOnceItHasOne()
    {
        var membership = new ScriptedMembers(Self, Peer);
        var detector = Detector(membership, _time);
        Assert.Equal(1, await detector.RunOnceAsync(_stopping.Token));
        using var peer = Listen(Peer);
        await _services
            .GetRequiredService<LivenessPorts>()
            .AddAsync(Peer.ToParsableString(), peer.Endpoint.Port, CancellationToken.None);
        Assert.Equal(0, await detector.RunOnceAsync(_stopping.Token));
        await UntilAsync(() => detector.Watched == 1);
        // Followed again, it is not watched twice.
        Assert.Equal(0, await detector.RunOnceAsync(_stopping.Token));
        Assert.Equal(1, peer.Held);
    }

    private async Task<DeathDetector> WatchAsync(ScriptedMembers membership, int port, TimeProvider? time = null)
    {
        await _services
            .GetRequiredService<LivenessPorts>()
            .AddAsync(Peer.ToParsableString(), port, CancellationToken.None);
        var detector = Detector(membership, time ?? _time);
        Assert.Equal(0, await detector.RunOnceAsync(_stopping.Token));
        return detector;
    }

    private DeathDetector Detector(ScriptedMembers membership, TimeProvider time, bool isOn = true)
    {
        // The silent are waited for only as long as a test may take.
        var times = new LivenessTimes
        {
            Answer = TimeSpan.FromMilliseconds(300),
            Retry = new Backoff(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(100)),
        };
        return new DeathDetector(
            membership,
            membership,
            _services.GetRequiredService<LivenessPorts>(),
            new LivenessProbe(times),
            times,
            time,
            new NoMeters(),
            Options.Create(new GrainsOptions { Liveness = isOn ? new IPEndPoint(IPAddress.Loopback, 1) : null }),
            new Logger<DeathDetector>(new LoggerFactory([_log]))
        );
    }

    private static LivenessListener Listen(SiloAddress silo) =>
        new(silo, new IPEndPoint(IPAddress.Loopback, 0), NullLogger.Instance);

    private static SiloAddress At(int port, int generation) =>
        SiloAddress.New(new IPEndPoint(IPAddress.Loopback, port), generation);

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var bound = new CancellationTokenSource(Bound, TimeProvider.System);
        while (!condition())
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, bound.Token);
    }

    /// <summary>A liveness port whose every answer the test gives.</summary>
    private sealed class ScriptedPeer : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public ScriptedPeer() => _listener.Start();

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public bool HasPending => _listener.Pending();

        public async Task<Socket> AcceptAsync(LivenessHello? hello)
        {
            using var bound = new CancellationTokenSource(Bound, TimeProvider.System);
            var socket = await _listener.AcceptSocketAsync(bound.Token);
            if (hello is { } said)
                socket.Send(Encoding.ASCII.GetBytes(said.Line + "\n"));
            return socket;
        }

        public void Dispose() => _listener.Dispose();
    }
}
