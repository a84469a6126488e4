using System.Net;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>Where this silo stands in its cluster (<c>GroupBuy:Cluster</c>).</summary>
internal sealed record ClusterSettings
{
    /// <summary>Silos with one cluster id form one cluster. Default <c>groupbuy</c>.</summary>
    public required string ClusterId { get; init; }

    /// <summary>Names the stored state; stays when the cluster id changes. Default <c>groupbuy</c>.</summary>
    public required string ServiceId { get; init; }

    /// <summary>Other silos call this port. Default 11111.</summary>
    public required int SiloPort { get; init; }

    /// <summary>Orleans clients call this port. Default 30000.</summary>
    public required int GatewayPort { get; init; }

    /// <summary>The address that other silos are told. Default loopback.</summary>
    public required IPAddress AdvertisedAddress { get; init; }

    /// <summary>The region whose shards prefer this silo, or null.</summary>
    public required string? Region { get; init; }

    /// <summary>The silo's stable slot: the same after a restart. Default machine name and silo port.</summary>
    public required string Name { get; init; }

    public static ClusterSettings Read(SettingsReader settings)
    {
        var cluster = settings.Section("Cluster");
        var siloPort = cluster.Int32("SiloPort", 11111, 1, 65535);
        var gatewayPort = cluster.Int32("GatewayPort", 30000, 1, 65535);
        if (siloPort == gatewayPort)
            cluster.Fault("GatewayPort", "must differ from the silo port");
        var region = cluster.Text("Region");
        if (region is not null && !GroupId.IsRegion(region))
            cluster.Fault("Region", $"must be a region such as SH-PUDONG, not '{region}'");
        return new ClusterSettings
        {
            ClusterId = Short(cluster, "ClusterId", "groupbuy"),
            ServiceId = Short(cluster, "ServiceId", "groupbuy"),
            SiloPort = siloPort,
            GatewayPort = gatewayPort,
            AdvertisedAddress = ReadAddress(cluster),
            Region = region,
            Name = Short(cluster, "Name", $"{Environment.MachineName}:{siloPort}"),
        };
    }

    private static string Short(SettingsReader cluster, string name, string otherwise)
    {
        var text = cluster.Text(name, otherwise);
        if (text.Length > 64)
            cluster.Fault(name, "must have at most 64 characters");
        return text;
    }

    // A container's own host name is the usual value; the first IPv4 address behind a name is advertised.
    private static IPAddress ReadAddress(SettingsReader cluster)
    {
        if (cluster.Text("AdvertisedAddress") is not { } text)
            return IPAddress.Loopback;
        if (IPAddress.TryParse(text, out var address))
            return address;
        try
        {
            var found = Dns.GetHostAddresses(text);
            if (
                found
                    .OrderByDescending(a => a.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork)
                    .FirstOrDefault() is
                { } first
            )
                return first;
        }
        catch (System.Net.Sockets.SocketException)
        {
            // Reported below like a name without an address.
        }

        cluster.Fault("AdvertisedAddress", $"must be an IP address or a name that can be resolved, not '{text}'");
        return IPAddress.Loopback;
    }
}
