using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Membership.Liveness;

/// <summary>What a <see cref="PeerWatch"/> reports.</summary>
internal interface IPeerWatcher
{
    /// <summary>
    /// The peer's process is proven to be gone. Returns once the peer is no member any more, or after a while; then it
    /// is asked again.
    /// </summary>
    Task PeerDiedAsync(SiloAddress peer, string proof, CancellationToken cancellation);
}

/// <summary>
/// Holds one idle connection to the liveness port of one run of another silo, and learns from its end that the process
/// may be gone:
/// <list type="number">
/// <item>The end of the connection is only the occasion to ask: a fresh connection tells whether the silo lives.</item>
/// <item>Only a silo that once answered here can be found dead, so a port that a firewall refuses kills nobody.</item>
/// <item>A silo that told that it drains leaves by itself; it is found dead only if its port stays refused for longer
/// than the end of a process takes after the silo has left.</item>
/// <item>Everything else (no answer in time, a connection that breaks while the silo still answers, a machine out of
/// reach) proves nothing: it is asked again after a growing pause, and Orleans' probes decide.</item>
/// </list>
/// Each runs on a thread of its own, which sleeps in the system until something happens.
/// </summary>
internal sealed class PeerWatch(
    SiloAddress peer,
    int port,
    LivenessProbe probe,
    LivenessTimes times,
    TimeProvider time,
    IPeerWatcher watcher,
    ILogger log
)
{
    // The first may be that of a process that is just ending.
    private const int UnansweredToldMin = 2;

    private bool _hasAnswered,
        _isDraining;
    private long _refusedSince;
    private int _failures,
        _unanswered;
    private volatile bool _isConnected;

    /// <summary>True while the connection is held.</summary>
    public bool IsConnected => _isConnected;

    /// <summary>Watches until cancelled.</summary>
    public void Start(CancellationToken stopping) =>
        new Thread(() => Run(stopping)) { IsBackground = true, Name = $"liveness {peer.ToParsableString()}" }.Start();

    private void Run(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                Watch(stopping);
            }
            catch (Exception e)
            {
                // Such as a database that does not take the declaration of a death.
                _failures++;
                if (!stopping.IsCancellationRequested)
                    MembershipLog.PeerNotWatched(log, e, peer.ToParsableString());
            }

            if (_failures > 0)
                stopping.WaitHandle.WaitOne(times.Retry.After(_failures));
        }
    }

    private void Watch(CancellationToken stopping)
    {
        switch (probe.Ask(peer, port, out var connection, stopping))
        {
            case LivenessAnswer.Alive alive:
                (_hasAnswered, _isDraining, _unanswered, _refusedSince) = (true, alive.Hello.IsDraining, 0, 0);
                HoldUntilEnd(connection!, stopping);
                break;
            case LivenessAnswer.Dead dead when IsDeadForGood():
                _failures++;
                watcher.PeerDiedAsync(peer, dead.Proof, stopping).GetAwaiter().GetResult();
                break;
            case LivenessAnswer.Dead dead:
                FailedToAsk(dead.Proof, stopping);
                break;
            case LivenessAnswer.Unknown unknown:
                FailedToAsk(unknown.Why, stopping);
                break;
        }
    }

    /// <summary>Logged once until the silo answers again.</summary>
    private void FailedToAsk(string why, CancellationToken stopping)
    {
        if (++_unanswered == UnansweredToldMin && !stopping.IsCancellationRequested)
            MembershipLog.PeerUnknown(log, peer.ToParsableString(), why);
        _failures++;
    }

    private void HoldUntilEnd(LivenessConnection connection, CancellationToken stopping)
    {
        var since = time.GetTimestamp();
        _isConnected = true;
        using (connection)
        using (stopping.Register(connection.Dispose))
            while (Receive(connection) is { } hello && hello.Silo.Equals(peer))
                _isDraining = hello.IsDraining;
        _isConnected = false;
        // One that is closed again and again is not asked in a loop.
        _failures = time.GetElapsedTime(since) < times.HeldMin ? _failures + 1 : 0;
    }

    private static LivenessHello? Receive(LivenessConnection connection)
    {
        try
        {
            return connection.Receive(Timeout.InfiniteTimeSpan);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    private bool IsDeadForGood()
    {
        if (!_hasAnswered)
            return false;
        if (!_isDraining)
            return true;
        if (_refusedSince == 0)
            _refusedSince = time.GetTimestamp();
        return time.GetElapsedTime(_refusedSince) >= times.DrainingGrace;
    }
}
