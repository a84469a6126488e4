using System.Net;
using System.Net.Sockets;

namespace GroupBuyActors.Testing.Silos;

/// <summary>
/// Ports on loopback that nobody listens on, for servers that are told their port before they open it.
/// </summary>
/// <remarks>
/// A port that the system gives for port 0 is free again until the server opens it, and the system gives it to others
/// meanwhile: every outgoing connection takes one. So these lie below the range that systems give from. Each process
/// draws from a part of its own, which it locks for as long as it lives, and draws none twice before it has drawn them
/// all.
/// </remarks>
public static class LoopbackPorts
{
    private const int First = 12_000;
    private const int Parts = 16;
    private const int PerPart = 1_000;

    private static readonly Lazy<(int First, FileStream Lock)> s_part = new(TakePart);
    private static int s_drawn = -1;

    /// <summary>Draws distinct free ports.</summary>
    public static int[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => Draw())];

    /// <summary>Draws one free port.</summary>
    public static int Draw()
    {
        var first = s_part.Value.First;
        for (var tries = 0; tries < PerPart; tries++)
        {
            var port = first + (int)((uint)Interlocked.Increment(ref s_drawn) % PerPart);
            if (IsFree(port))
                return port;
        }

        throw new InvalidOperationException(
            $"None of the ports {first} to {first + PerPart - 1} of 127.0.0.1 is free."
        );
    }

    /// <summary>Locks the first part that no other process has; the system unlocks it when this process ends.</summary>
    private static (int First, FileStream Lock) TakePart()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "groupbuy-test-ports")).FullName;
        for (var part = 0; part < Parts; part++)
        {
            try
            {
                var file = Path.Combine(folder, $"part-{part}.lock");
                var locked = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                return (First + part * PerPart, locked);
            }
            catch (IOException)
            {
                // Another process has it.
            }
        }

        throw new InvalidOperationException($"{Parts} processes draw ports for tests already; see {folder}.");
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
