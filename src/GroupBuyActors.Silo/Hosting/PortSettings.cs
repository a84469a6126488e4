using GroupBuyActors.Integrations.Http;
using GroupBuyActors.Silo.Settings;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>Settings of the log (<c>GroupBuy:Logging</c>).</summary>
internal sealed record LoggingSettings
{
    /// <summary>The format of the console log.</summary>
    public LogFormat Format { get; init; } = LogFormat.Simple;

    /// <summary>Headers of calls to services whose values are not logged.</summary>
    public IReadOnlyList<string> MaskedHeaders
    {
        get;
        init => field = value.Count > 0 ? value : field;
    } = Integrations.Http.MaskedHeaders.Default;
}

/// <summary>Settings of the calls to all services (<c>GroupBuy:Http</c>).</summary>
internal sealed record HttpSettings
{
    private const int HostsMax = 1_000;

    /// <summary>Hosts that may be called; null: only those of the base addresses.</summary>
    public IReadOnlyList<string>? AllowedHosts { get; init; }

    public static HostAllowList? ReadHosts(SettingsReader http)
    {
        if (http.Bind<HttpSettings>().AllowedHosts is not { Count: > 0 } entries)
            return null;
        foreach (var entry in entries.Where(entry => !HostAllowList.IsEntry(entry)))
            http.Fault(
                nameof(AllowedHosts),
                $"must list hosts such as pay.example.com, *.example.com or pay.example.com:8443, not '{entry}'"
            );
        if (entries.Count > HostsMax)
            http.Fault(nameof(AllowedHosts), $"must have at most {HostsMax} hosts");
        return HostAllowList.Of(entries.Where(HostAllowList.IsEntry));
    }
}

/// <summary>
/// Reads the settings of the services behind the ports (<c>GroupBuy:{Inventory,Payments,Notices}</c>).
/// </summary>
internal static class PortSettings
{
    public static HttpPorts Read(SettingsReader settings, LoggingSettings logging)
    {
        var ports = new HttpPorts
        {
            Inventory = ReadPort(settings.Section("Inventory")),
            Payments = ReadPort(settings.Section("Payments")),
            Notices = ReadPort(settings.Section("Notices")),
            AllowedHosts = HttpSettings.ReadHosts(settings.Section("Http")),
            MaskedHeaders = new MaskedHeaders(logging.MaskedHeaders),
        };
        CheckHost(settings.Section("Inventory"), ports.Inventory, ports.Hosts);
        CheckHost(settings.Section("Payments"), ports.Payments, ports.Hosts);
        CheckHost(settings.Section("Notices"), ports.Notices, ports.Hosts);
        return ports;
    }

    private static HttpPortOptions ReadPort(SettingsReader port)
    {
        var options = port.Bind<HttpPortOptions>();
        port.Fault(options.Faults());
        return options;
    }

    private static void CheckHost(SettingsReader port, HttpPortOptions options, HostAllowList hosts)
    {
        if (options.BaseUrl is { } url && !hosts.Allows(url))
            port.Fault("BaseUrl", $"{url.Host} is not on GroupBuy__Http__AllowedHosts ({hosts})");
    }
}
