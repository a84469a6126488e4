using GroupBuyActors.Integrations.Http;
using GroupBuyActors.Silo.Settings;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>What of the log is the silo's to set (<c>GroupBuy:Logging</c>).</summary>
internal sealed record LoggingSettings
{
    /// <summary>How lines are written.</summary>
    public LogFormat Format { get; init; } = LogFormat.Simple;

    /// <summary>Headers of calls of services whose values no line shows.</summary>
    public IReadOnlyList<string> MaskedHeaders
    {
        get;
        init => field = value.Count > 0 ? value : field;
    } = Integrations.Http.MaskedHeaders.Default;
}

/// <summary>What holds for all services that are called (<c>GroupBuy:Http</c>).</summary>
internal sealed record HttpSettings
{
    private const int HostsMax = 1_000;

    /// <summary>Hosts that may be called; null: exactly those of the base addresses.</summary>
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
/// The services behind the ports (<c>GroupBuy:{Inventory,Payments,Notices}</c>) and what they may and may not see.
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
