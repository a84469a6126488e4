using System.Net;
using System.Net.Sockets;

namespace GroupBuyActors.Testing.Silos;

/// <summary>
/// Ports on loopback that nobody listens on, for servers that are told their port before they open it.
/// </summary>
/// <remarks>
/// A port that the system gives for port 0 is free again until the server opens it, and the system gives it to others
/// meanwhile: every outgoing connection takes one. So these lie below the range that systems give from, each process
/// draws from a part of its own, and draws none twice before it has drawn them all.
/// </remarks>
public static class LoopbackPorts
{
    private const int First = 12_000;
    private const int Parts = 16;
    private const int PerPart = 1_000;

    private static readonly int s_part = First + Environment.ProcessId % Parts * PerPart;
    private static int s_drawn = -1;

    /// <summary>Draws distinct free ports.</summary>
    public static int[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => Draw())];

    /// <summary>Draws one free port.</summary>
    public static int Draw()
    {
        for (var tries = 0; tries < PerPart; tries++)
        {
            var port = s_part + (int)((uint)Interlocked.Increment(ref s_drawn) % PerPart);
            if (IsFree(port))
                return port;
        }

        throw new InvalidOperationException(
            $"None of the ports {s_part} to {s_part + PerPart - 1} of 127.0.0.1 is free."
        );
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
