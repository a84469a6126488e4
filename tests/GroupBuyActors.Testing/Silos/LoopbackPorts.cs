using System.Net;
using System.Net.Sockets;

namespace GroupBuyActors.Testing.Silos;

/// <summary>Ports on loopback that nobody listens on.</summary>
public static class LoopbackPorts
{
    /// <summary>Draws distinct free ports; all are held until the last is drawn.</summary>
    public static int[] Draw(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        try
        {
            foreach (var listener in listeners)
                listener.Start();
            return [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            foreach (var listener in listeners)
                listener.Dispose();
        }
    }
}
