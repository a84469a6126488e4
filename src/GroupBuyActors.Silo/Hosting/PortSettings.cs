using GroupBuyActors.Integrations.Http;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>
/// The services behind the ports (<c>GroupBuy:{Inventory,Payments,Notices}</c>), the hosts that may be called
/// (<c>GroupBuy:Http:AllowedHosts</c>) and the headers that logs must not show (<c>GroupBuy:Logging:MaskedHeaders</c>).
/// </summary>
internal static class PortSettings
{
    private const string AllowedHosts = "AllowedHosts",
        MaskedHeaderNames = "MaskedHeaders";
    private const int HostsMax = 1_000,
        PlacesMax = 10_000,
        ResponseBytesMin = 1_024,
        ResponseBytesMax = 64 * 1024 * 1024;

    private static readonly string[] Names =
    [
        "BaseUrl",
        "ApiKey",
        "TryTimeout",
        "Budget",
        "RetryCountMax",
        "RetryDelay",
        "ConcurrencyMax",
        "QueueMax",
        "ConnectTimeout",
        "ConnectionLifetime",
        "BreakerFailurePercent",
        "BreakerCallsMin",
        "BreakerWindow",
        "BreakerDuration",
        "ResponseBytesMax",
    ];

    public static HttpPorts Read(SettingsReader settings)
    {
        var ports = new HttpPorts
        {
            Inventory = ReadPort(settings.Section("Inventory")),
            Payments = ReadPort(settings.Section("Payments")),
            Notices = ReadPort(settings.Section("Notices")),
            AllowedHosts = ReadHosts(settings.Section("Http")),
            MaskedHeaders = new MaskedHeaders(ReadMaskedHeaders(settings)),
        };
        foreach (
            var (name, port) in ((string, HttpPortOptions)[])
                [("Inventory", ports.Inventory), ("Payments", ports.Payments), ("Notices", ports.Notices)]
        )
            if (port.BaseUrl is { } url && !ports.Hosts.Allows(url))
                settings
                    .Section(name)
                    .Fault("BaseUrl", $"{url.Host} is not on GroupBuy__Http__AllowedHosts ({ports.Hosts})");
        return ports;
    }

    /// <summary>The headers that logs must not show.</summary>
    public static IReadOnlyList<string> ReadMaskedHeaders(SettingsReader settings) =>
        settings.Section("Logging").List(MaskedHeaderNames) ?? MaskedHeaders.Default;

    private static HostAllowList? ReadHosts(SettingsReader http)
    {
        if (http.List(AllowedHosts) is not { } entries)
            return null;
        foreach (var entry in entries.Where(entry => !HostAllowList.IsEntry(entry)))
            http.Fault(
                AllowedHosts,
                $"must list hosts such as pay.example.com, *.example.com or pay.example.com:8443, not '{entry}'"
            );
        if (entries.Count > HostsMax)
            http.Fault(AllowedHosts, $"must have at most {HostsMax} hosts");
        return HostAllowList.Of(entries.Where(HostAllowList.IsEntry));
    }

    private static HttpPortOptions ReadPort(SettingsReader port)
    {
        foreach (var (setting, _) in port.Children())
            if (!Names.Contains(setting, StringComparer.OrdinalIgnoreCase))
                port.Fault(setting, $"is an unknown setting; the known ones are {string.Join(", ", Names)}");
        var defaults = new HttpPortOptions();
        var options = new HttpPortOptions
        {
            BaseUrl = ReadAddress(port),
            ApiKey = port.Text("ApiKey"),
            TryTimeout = port.Duration("TryTimeout", defaults.TryTimeout),
            Budget = port.Duration("Budget", defaults.Budget),
            RetryCountMax = port.Int32("RetryCountMax", defaults.RetryCountMax, 0, 10),
            RetryDelay = port.Duration("RetryDelay", defaults.RetryDelay),
            ConcurrencyMax = port.Int32("ConcurrencyMax", defaults.ConcurrencyMax, 1, PlacesMax),
            QueueMax = port.Int32("QueueMax", defaults.QueueMax, 0, PlacesMax),
            ConnectTimeout = port.Duration("ConnectTimeout", defaults.ConnectTimeout),
            ConnectionLifetime = port.Duration("ConnectionLifetime", defaults.ConnectionLifetime),
            BreakerFailurePercent = port.Int32("BreakerFailurePercent", defaults.BreakerFailurePercent, 1, 100),
            BreakerCallsMin = port.Int32("BreakerCallsMin", defaults.BreakerCallsMin, 2, 1_000_000),
            BreakerWindow = port.Duration("BreakerWindow", defaults.BreakerWindow),
            BreakerDuration = port.Duration("BreakerDuration", defaults.BreakerDuration),
            ResponseBytesMax = port.Int32(
                "ResponseBytesMax",
                defaults.ResponseBytesMax,
                ResponseBytesMin,
                ResponseBytesMax
            ),
        };
        foreach (var (setting, fault) in options.Faults())
            port.Fault(setting, fault);
        return options;
    }

    private static Uri? ReadAddress(SettingsReader port)
    {
        if (port.Text("BaseUrl") is not { } text)
            return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out var address))
            return address;
        port.Fault("BaseUrl", "must be an address such as https://stock.example.com/v1");
        return null;
    }
}
