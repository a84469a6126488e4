using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using GroupBuyActors.Silo.Settings;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>This silo's identity and addresses in its cluster (<c>GroupBuy:Cluster</c>).</summary>
internal sealed record ClusterSettings
{
    private const int TextMax = 64;
    private const string TooLong = "must have at most 64 characters";

    /// <summary>Silos with the same cluster id form a cluster.</summary>
    [StringLength(TextMax, ErrorMessage = TooLong)]
    public string ClusterId { get; init; } = "groupbuy";

    /// <summary>Identifies the stored state; must not change with the cluster id.</summary>
    [StringLength(TextMax, ErrorMessage = TooLong)]
    public string ServiceId { get; init; } = "groupbuy";

    /// <summary>The port for other silos.</summary>
    [Range(1, 65535)]
    public int SiloPort { get; init; } = 11111;

    /// <summary>The port for Orleans clients.</summary>
    [Range(1, 65535)]
    public int GatewayPort { get; init; } = 30000;

    /// <summary>The port at which other silos see that this process lives.</summary>
    [Range(1, 65535)]
    public int LivenessPort { get; init; } = 11112;

    /// <summary>
    /// Whether silos declare one another dead when the process is gone. Off where something accepts connections for a
    /// process that is dead, or closes them for one that lives.
    /// </summary>
    public bool DeathDetection { get; init; } = true;

    /// <summary>The address by which other silos reach this one; a name is resolved.</summary>
    public IPAddress AdvertisedAddress { get; init; } = IPAddress.Loopback;

    /// <summary>The region whose shards are preferably placed on this silo, or null.</summary>
    public string? Region { get; init; }

    /// <summary>The silo's stable slot: the same after a restart. Default machine name and silo port.</summary>
    [StringLength(TextMax, ErrorMessage = TooLong)]
    public string Name
    {
        get => field ?? $"{Environment.MachineName}:{SiloPort}";
        init;
    }

    public static ClusterSettings Read(SettingsReader cluster)
    {
        var settings = cluster.Bind<ClusterSettings>();
        if (settings.SiloPort == settings.GatewayPort)
            cluster.Fault("GatewayPort", "must differ from the silo port");
        if (settings.Region is { } region && !GroupId.IsRegion(region))
            cluster.Fault("Region", $"must be a region such as SH-PUDONG, not '{region}'");
        return settings;
    }

    /// <summary>
    /// Where this silo listens for others: with an advertised address that only this machine reaches, there.
    /// </summary>
    public IPAddress ListenAddress =>
        IPAddress.IsLoopback(AdvertisedAddress) ? AdvertisedAddress
        : AdvertisedAddress.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any
        : IPAddress.Any;

    /// <summary>A silo of a cluster needs one port more than a silo that is alone.</summary>
    public void CheckLivenessPort(SettingsReader cluster, IEnumerable<int> httpPorts)
    {
        if (LivenessPort == SiloPort)
            cluster.Fault("LivenessPort", "must differ from the silo port");
        if (LivenessPort == GatewayPort)
            cluster.Fault("LivenessPort", "must differ from the gateway port");
        if (httpPorts.Contains(LivenessPort))
            cluster.Fault("LivenessPort", "must differ from the port of HTTP");
    }
}
