using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;

namespace GroupBuyActors.Membership.Liveness;

/// <summary>A liveness port and those who connect to it.</summary>
public sealed class LivenessListenerTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private static readonly SiloAddress Silo = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11111), 7);
    private readonly LivenessListener _listener = new(Silo, new IPEndPoint(IPAddress.Loopback, 0), NullLogger.Instance);

    public void Dispose() => _listener.Dispose();

    [Fact]
    public void AConnectionIsHeldAndToldWhenTheSiloBeginsToDrain()
    {
        using var peer = Open();
        Assert.Equal(new LivenessHello(Silo, false), peer.Receive(Bound));
        _listener.Drain();
        Assert.Equal(new LivenessHello(Silo, true), peer.Receive(Bound));
        _listener.Dispose();
        Assert.True(HasEnded(peer));
    }

    [Fact]
    public async Task APeerThatSendsOrLeavesTakesNoPlaceAndHarmsNoOther()
    {
        using var peer = Open();
        using var talking = Open();
        talking.Receive(Bound);
        using (var leaving = Open())
            leaving.Receive(Bound);
        using var raw = new TcpClient();
        await raw.ConnectAsync(_listener.Endpoint, TestContext.Current.CancellationToken);
        await raw.GetStream().WriteAsync(new byte[100_000], TestContext.Current.CancellationToken);
        await HeldAsync(2);
        using var later = Open();
        Assert.Equal(new LivenessHello(Silo, false), later.Receive(Bound));
        _listener.Drain();
        Assert.Equal(new LivenessHello(Silo, false), peer.Receive(Bound));
        Assert.Equal(new LivenessHello(Silo, true), peer.Receive(Bound));
    }

    [Fact]
    public async Task ConnectionsBeyondTheBoundAreGreetedAndClosed()
    {
        var peers = new List<LivenessConnection>();
        try
        {
            while (peers.Count < LivenessListener.HeldMax)
                peers.Add(Open());
            await HeldAsync(LivenessListener.HeldMax);
            using var further = Open();
            Assert.Equal(new LivenessHello(Silo, false), further.Receive(Bound));
            Assert.True(HasEnded(further));
            Assert.Equal(LivenessListener.HeldMax, _listener.Held);
            // Places of those who leave are free again.
            peers[0].Dispose();
            await HeldAsync(LivenessListener.HeldMax - 1);
            using var next = Open();
            Assert.Equal(new LivenessHello(Silo, false), next.Receive(Bound));
            await HeldAsync(LivenessListener.HeldMax);
        }
        finally
        {
            peers.ForEach(peer => peer.Dispose());
        }
    }

    [Fact]
    public void ThePortIsFreeForTheNextRunAtOnce()
    {
        using var peer = Open();
        peer.Receive(Bound);
        _listener.Dispose();
        using var next = new LivenessListener(Silo, _listener.Endpoint, NullLogger.Instance);
        using var again = LivenessConnection.Open(next.Endpoint, Bound);
        Assert.NotNull(again.Receive(Bound));
    }

    private LivenessConnection Open() => LivenessConnection.Open(_listener.Endpoint, Bound);

    private static bool HasEnded(LivenessConnection peer)
    {
        try
        {
            return peer.Receive(Bound) is null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionReset;
        }
    }

    private async Task HeldAsync(int count)
    {
        using var bound = new CancellationTokenSource(Bound, TimeProvider.System);
        while (_listener.Held != count)
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, bound.Token);
    }
}
