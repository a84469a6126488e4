using System.Net;
using System.Net.Sockets;

namespace GroupBuyActors.Membership.Liveness;

/// <summary>How long the steps of asking take; tests shorten them.</summary>
internal sealed record LivenessTimes
{
    /// <summary>The limit of a connect and of the wait for the hello. To exceed it proves nothing.</summary>
    public TimeSpan Answer { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The pause between two connects of which both must be refused.</summary>
    public TimeSpan BetweenRefusals { get; init; } = TimeSpan.FromMilliseconds(50);
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
