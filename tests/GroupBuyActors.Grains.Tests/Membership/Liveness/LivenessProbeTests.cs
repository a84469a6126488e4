using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;

namespace GroupBuyActors.Membership.Liveness;

/// <summary>Asking at real ports of this machine whether a silo lives.</summary>
public sealed class LivenessProbeTests
{
    private static readonly SiloAddress Silo = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11111), 7),
        Restarted = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11111), 8),
        Other = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11121), 7);

    // The limit of an answer is only as long as a test that waits it out may take.
    private static readonly LivenessProbe Probe = new(new LivenessTimes { Answer = TimeSpan.FromSeconds(1) });

    [Fact]
    public void ASiloThatAnswersItselfIsAlive()
    {
        using var listener = Listen(Silo);
        Assert.Equal(new LivenessAnswer.Alive(new LivenessHello(Silo, false)), Ask(listener));
        listener.Drain();
        Assert.Equal(new LivenessAnswer.Alive(new LivenessHello(Silo, true)), Ask(listener));
    }

    [Fact]
    public void APortThatRefusesTwiceBelongedToADeadSilo()
    {
        var port = ClosedPort();
        var answer = Assert.IsType<LivenessAnswer.Dead>(Probe.Ask(Silo, port, CancellationToken.None));
        Assert.Contains("refused two connections", answer.Proof, StringComparison.Ordinal);
    }

    [Fact]
    public void OneRefusalIsNoProof()
    {
        Assert.Null(LivenessAnswer.Of(Silo, new LivenessReply.Refused(), isSecond: false));
        Assert.IsType<LivenessAnswer.Dead>(LivenessAnswer.Of(Silo, new LivenessReply.Refused(), isSecond: true));
        Assert.IsType<LivenessAnswer.Unknown>(
            LivenessAnswer.Of(Silo, new LivenessReply.Failed("it was slow"), isSecond: true)
        );
    }

    [Fact]
    public void APortThatOpensBetweenTheTwoConnectsBelongsToALivingSilo()
    {
        var port = ClosedPort();
        var probe = new LivenessProbe(new LivenessTimes { BetweenRefusals = TimeSpan.FromSeconds(1) });
        using var first = new CountdownEvent(1);
        LivenessAnswer? answer = null;
        var asking = new Thread(() =>
        {
            first.Signal();
            answer = probe.Ask(Silo, port, CancellationToken.None);
        });
        asking.Start();
        first.Wait(TestContext.Current.CancellationToken);
        // Whether the first connect still comes before this or not: the silo lives.
        using var listener = new LivenessListener(Silo, new IPEndPoint(IPAddress.Loopback, port), NullLogger.Instance);
        asking.Join();
        Assert.IsType<LivenessAnswer.Alive>(answer);
    }

    [Fact]
    public void AnotherGenerationAtThePortProvesTheDeathOfTheOneBefore()
    {
        using var listener = Listen(Restarted);
        var answer = Assert.IsType<LivenessAnswer.Dead>(Ask(listener));
        Assert.Contains("generation 8", answer.Proof, StringComparison.Ordinal);
    }

    [Fact]
    public void AnotherSiloAtThePortProvesNothing()
    {
        using var listener = Listen(Other);
        Assert.IsType<LivenessAnswer.Unknown>(Ask(listener));
    }

    [Fact]
    public void APortThatAcceptsAndIsSilentProvesNothing()
    {
        // What a frozen process looks like: the system accepts for it.
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        Assert.IsType<LivenessAnswer.Unknown>(Ask(silent));
    }

    [Fact]
    public void APortWhoseQueueIsFullProvesNothing()
    {
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(1);
        var endpoint = (IPEndPoint)full.LocalEndPoint!;
        var fillers = Enumerable.Range(0, 8).Select(_ => Begin(endpoint)).ToList();
        var answer = Probe.Ask(Silo, endpoint.Port, CancellationToken.None);
        fillers.ForEach(filler => filler.Dispose());
        Assert.IsType<LivenessAnswer.Unknown>(answer);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    [InlineData("groupbuy-liveness 2 127.0.0.1:11111@7 serving\n")]
    [InlineData("groupbuy-liveness 1 nowhere serving\n")]
    [InlineData("groupbuy-liveness 1 127.0.0.1:11111@7 asleep\n")]
    [InlineData("groupbuy-liveness 1 127.0.0.1:11111@7 serving")]
    public async Task WhatIsNoHelloProvesNothing(string text)
    {
        using var odd = new TcpListener(IPAddress.Loopback, 0);
        odd.Start();
        var asking = Task.Run(() => Ask(odd), TestContext.Current.CancellationToken);
        using (var peer = await odd.AcceptSocketAsync(TestContext.Current.CancellationToken))
            peer.Send(Encoding.ASCII.GetBytes(text));
        Assert.IsType<LivenessAnswer.Unknown>(await asking);
    }

    [Fact]
    public async Task ALineWithoutEndIsReadOnlyToItsBound()
    {
        using var odd = new TcpListener(IPAddress.Loopback, 0);
        odd.Start();
        var asking = Task.Run(() => Ask(odd), TestContext.Current.CancellationToken);
        using var peer = await odd.AcceptSocketAsync(TestContext.Current.CancellationToken);
        peer.Send(new byte[4 * LivenessHello.BytesMax]);
        var answer = Assert.IsType<LivenessAnswer.Unknown>(await asking);
        Assert.Contains("without a hello", answer.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void TheLongestAddressFitsIntoAHello()
    {
        var address = SiloAddress.New(
            new IPEndPoint(IPAddress.Parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295"), 65535),
            int.MaxValue
        );
        var hello = new LivenessHello(address, IsDraining: true);
        Assert.InRange(hello.Line.Length, 1, LivenessHello.BytesMax - 1);
        Assert.Equal(hello, LivenessHello.TryParse(hello.Line));
    }

    private static LivenessListener Listen(SiloAddress silo) =>
        new(silo, new IPEndPoint(IPAddress.Loopback, 0), NullLogger.Instance);

    private static LivenessAnswer Ask(LivenessListener listener) =>
        Probe.Ask(Silo, listener.Endpoint.Port, CancellationToken.None);

    private static LivenessAnswer Ask(TcpListener listener) =>
        Probe.Ask(Silo, ((IPEndPoint)listener.LocalEndpoint).Port, CancellationToken.None);

    private static Socket Begin(IPEndPoint endpoint)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.ConnectAsync(endpoint).Ignore();
        return socket;
    }

    private static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
