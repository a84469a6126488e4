using System.Net;
using System.Net.Sockets;
using GroupBuyActors.Silo.Settings;
using GroupBuyActors.Store;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>
/// Checks that no other process listens on this silo's ports: Orleans binds with address reuse, so it would share a
/// port with another process and get only some of the calls.
/// </summary>
internal static class FreePorts
{
    public static void Check(SiloSettings settings)
    {
        foreach (var url in settings.Urls)
            CheckUrl(url);
        if (settings.Role == ProcessRole.Gateway)
            return;
        var cluster = settings.Cluster;
        var address =
            settings.Storage.Provider == StoreProvider.Sqlite || IPAddress.IsLoopback(cluster.AdvertisedAddress)
                ? IPAddress.Loopback
                : IPAddress.Any;
        Check(address, cluster.SiloPort, "silo port", "GroupBuy__Cluster__SiloPort");
        Check(address, cluster.GatewayPort, "gateway port", "GroupBuy__Cluster__GatewayPort");
        if (settings.HasLivenessPort)
            Check(cluster.ListenAddress, cluster.LivenessPort, "liveness port", "GroupBuy__Cluster__LivenessPort");
    }

    private static void CheckUrl(string url)
    {
        BindingAddress address;
        try
        {
            address = BindingAddress.Parse(url);
        }
        catch (FormatException)
        {
            throw new StartException(
                $"HTTP cannot be served at '{url}', which is not a valid address; set ASPNETCORE_URLS to one "
                    + $"such as {SiloSettings.UrlDefault}."
            );
        }

        if (address.IsUnixPipe || address.IsNamedPipe || address.Port == 0)
            return;
        var host = address.Host.Trim('[', ']');
        var ip =
            host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
            : IPAddress.TryParse(host, out var parsed) ? parsed
            : IPAddress.Any;
        Check(ip, address.Port, "HTTP port", "ASPNETCORE_URLS");
    }

    private static void Check(IPAddress address, int port, string name, string setting)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(1);
        }
        catch (SocketException e)
        {
            throw new StartException(
                e.SocketErrorCode == SocketError.AddressAlreadyInUse
                    ? $"The {name} {port} is in use by another process; choose another with {setting}."
                    : $"The silo cannot listen on {name} {port} at {address} ({e.Message}); choose another with "
                        + $"{setting}.",
                e
            );
        }
    }
}
