using System.ComponentModel.DataAnnotations;
using System.Net;
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
}
