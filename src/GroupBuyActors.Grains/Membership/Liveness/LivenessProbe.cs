using System.Net;
using System.Net.Sockets;
using GroupBuyActors.Retries;

namespace GroupBuyActors.Membership.Liveness;

/// <summary>How long the steps of asking and of watching take; tests change them.</summary>
internal sealed record LivenessTimes
{
    /// <summary>The limit of a connect and of the wait for the hello. To exceed it proves nothing.</summary>
    public TimeSpan Answer { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The pause between two connects of which both must be refused.</summary>
    public TimeSpan BetweenRefusals { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// The pauses after questions whose answer proves nothing. The first is short: the system closes the sockets of a
    /// process that ends one after the other, so the port may still accept when a connection has ended already.
    /// </summary>
    public Backoff Retry { get; init; } = new(TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(5));

    /// <summary>A connection that ends sooner than this counts as failed.</summary>
    public TimeSpan HeldMin { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the port of a silo that drains may stay refused before the silo is found dead.</summary>
    public TimeSpan DrainingGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How much later each next silo declares a death, unless it knows of it by then: about as long as a write to the
    /// membership takes.
    /// </summary>
    public TimeSpan Stagger { get; init; } = TimeSpan.FromMilliseconds(30);

    /// <summary>How long a declared death may take to be known here before it is declared again.</summary>
    public TimeSpan DeclaredWithin { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How often it is looked whether a death is known.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromMilliseconds(5);
}

/// <summary>
/// Asks at a silo's liveness port, over a fresh connection, whether one run of the silo lives. Blocks the thread; see
/// <see cref="LivenessConnection"/>.
/// </summary>
internal sealed class LivenessProbe(LivenessTimes times)
{
    /// <summary>Asks, and closes the connection.</summary>
    public LivenessAnswer Ask(SiloAddress silo, int port, CancellationToken cancellation)
    {
        var answer = Ask(silo, port, out var connection, cancellation);
        connection?.Dispose();
        return answer;
    }

    /// <summary>Asks, and returns the connection if the silo is alive.</summary>
    public LivenessAnswer Ask(
        SiloAddress silo,
        int port,
        out LivenessConnection? connection,
        CancellationToken cancellation
    )
    {
        var endpoint = new IPEndPoint(silo.Endpoint.Address, port);
        var answer = LivenessAnswer.Of(silo, Connect(endpoint, out connection), isSecond: false);
        if (answer is null)
        {
            if (cancellation.WaitHandle.WaitOne(times.BetweenRefusals))
                return new LivenessAnswer.Unknown("this silo stops");
            answer = LivenessAnswer.Of(silo, Connect(endpoint, out connection), isSecond: true)!;
        }

        if (answer is LivenessAnswer.Alive)
            return answer;
        connection?.Dispose();
        connection = null;
        return answer;
    }

    private LivenessReply Connect(IPEndPoint endpoint, out LivenessConnection? connection)
    {
        connection = null;
        try
        {
            connection = LivenessConnection.Open(endpoint, times.Answer);
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused
                ? new LivenessReply.Refused()
                : new LivenessReply.Failed($"its liveness port cannot be reached ({e.SocketErrorCode})");
        }

        try
        {
            return connection.Receive(times.Answer) is { } hello
                ? new LivenessReply.Greeted(hello)
                : new LivenessReply.Failed("its liveness port accepts connections without a hello");
        }
        catch (SocketException e)
        {
            return new LivenessReply.Failed($"its liveness port gives no hello ({e.SocketErrorCode})");
        }
    }
}
