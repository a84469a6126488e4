using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Membership.Liveness;

/// <summary>
/// Shows to other silos that this process lives: accepts connections, sends the <see cref="LivenessHello"/>, and holds
/// them until the process ends, however it ends. That the system closes the port with the process is the signal, so
/// nothing here closes it earlier. It runs on a thread of its own, so that a busy thread pool does not delay a hello.
/// </summary>
internal sealed class LivenessListener : IDisposable
{
    /// <summary>
    /// Each silo holds one connection to each other. Further ones get the hello, too, but are not held.
    /// </summary>
    public const int HeldMax = 512;

    private const int Backlog = 512;
    private static readonly TimeSpan SendWithin = TimeSpan.FromSeconds(1),
        AfterFault = TimeSpan.FromMilliseconds(100);
    private readonly Lock _gate = new();
    private readonly HashSet<Socket> _held = [];
    private readonly ManualResetEvent _disposing = new(false);
    private readonly Socket _listening;
    private readonly SiloAddress _self;
    private readonly ILogger _log;
    private bool _isDraining;

    /// <summary>Binds the port; throws <see cref="SocketException"/> if that fails.</summary>
    public LivenessListener(SiloAddress self, IPEndPoint endpoint, ILogger log)
    {
        (_self, _log) = (self, log);
        _listening = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _listening.Bind(endpoint);
            _listening.Listen(Backlog);
            Endpoint = (IPEndPoint)_listening.LocalEndPoint!;
        }
        catch
        {
            _listening.Dispose();
            throw;
        }

        new Thread(Accept) { IsBackground = true, Name = "liveness-port" }.Start();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Endpoint { get; }

    /// <summary>The number of connections that are held.</summary>
    public int Held
    {
        get
        {
            lock (_gate)
                return _held.Count;
        }
    }

    /// <summary>Tells everybody, now and from now on, that this silo has begun to stop.</summary>
    public void Drain()
    {
        Socket[] held;
        lock (_gate)
        {
            _isDraining = true;
            held = [.. _held];
        }

        foreach (var peer in held)
            if (!TryGreet(peer))
                Release(peer);
    }

    public void Dispose()
    {
        _disposing.Set();
        _listening.Dispose();
        Socket[] held;
        lock (_gate)
            held = [.. _held];
        foreach (var peer in held)
            Release(peer);
    }

    private bool IsDisposing => _disposing.WaitOne(0);

    private void Accept()
    {
        while (!IsDisposing)
            try
            {
                Welcome(_listening.Accept());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Such as no free file descriptor, which would fail again at once.
                if (!_disposing.WaitOne(AfterFault))
                    MembershipLog.LivenessPortFailed(_log, e);
            }
    }

    private void Welcome(Socket peer)
    {
        peer.SendTimeout = (int)SendWithin.TotalMilliseconds;
        LivenessConnection.KeepAlive(peer);
        bool isHeld;
        lock (_gate)
            if (isHeld = _held.Count < HeldMax && !IsDisposing)
                _held.Add(peer);
        // After it is held: Drain either finds it or has set what the hello says.
        var isGreeted = TryGreet(peer);
        if (isHeld && isGreeted)
            HoldAsync(peer).Ignore();
        else
            Release(peer);
    }

    private bool TryGreet(Socket peer)
    {
        try
        {
            bool isDraining;
            lock (_gate)
                isDraining = _isDraining;
            var hello = Encoding.ASCII.GetBytes(new LivenessHello(_self, isDraining).Line + "\n");
            return peer.Send(hello) == hello.Length;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Until the peer closes it, or sends anything, which no silo does.</summary>
    private async Task HoldAsync(Socket peer)
    {
        try
        {
            await peer.ReceiveAsync(new byte[1], CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The peer is gone.
        }

        Release(peer);
    }

    private void Release(Socket peer)
    {
        lock (_gate)
            _held.Remove(peer);
        peer.Dispose();
    }
}
