using System.Net;
using GroupBuyActors.Integrations.Http;
using GroupBuyActors.Integrations.Kafka;
using GroupBuyActors.Schedules;
using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;
using GroupBuyActors.Silo.Settings;
using GroupBuyActors.Store;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>How the console log is written (<c>GroupBuy:Logging:Format</c>).</summary>
internal enum LogFormat
{
    /// <summary>One line per entry, for people.</summary>
    Simple,

    /// <summary>One JSON object per entry, for log stores.</summary>
    Json,
}

/// <summary>What this process is (<c>GroupBuy:Role</c>, or <c>--role</c>).</summary>
internal enum ProcessRole
{
    /// <summary>Hosts groups and serves HTTP.</summary>
    Silo,

    /// <summary>Serves HTTP as a client of silos.</summary>
    Gateway,
}

/// <summary>All settings of the process, checked before anything starts.</summary>
internal sealed record SiloSettings(
    ProcessRole Role,
    ClusterSettings Cluster,
    StorageSettings Storage,
    AuthOptions Auth,
    EdgeOptions Edge,
    LogFormat LogFormat,
    IReadOnlyList<string> Urls,
    TimeSpan ShutdownTimeout,
    IReadOnlyDictionary<string, TaskPolicyChange> TaskPolicies,
    IReadOnlyDictionary<string, ScheduleChange> Schedules,
    RetentionSettings Retention,
    HttpPorts Ports,
    KafkaOptions? Kafka
)
{
    /// <summary>The default address of HTTP.</summary>
    public const string UrlDefault = "http://127.0.0.1:8080";

    /// <summary>Reads the settings; throws <see cref="SettingsException"/> with every fault.</summary>
    public static SiloSettings Read(IConfiguration configuration)
    {
        var reader = SettingsReader.Of(configuration);
        var urls = ReadUrls(configuration);
        var logging = reader.Section("Logging").Bind<LoggingSettings>();
        var role = ReadRole(reader, configuration["role"]);
        var settings = new SiloSettings(
            role,
            ClusterSettings.Read(reader.Section("Cluster")),
            StorageSettings.Read(reader.Section("Storage"), configuration.GetConnectionString("GroupBuy")),
            AuthOptions.Read(reader.Section("Auth")),
            reader.Section("Edge").Bind<EdgeOptions>(),
            logging.Format,
            urls,
            reader.Bind("ShutdownTimeout", TimeSpan.FromSeconds(30)),
            TaskSettings.ReadPolicies(reader.Section("Tasks")),
            TaskSettings.ReadSchedules(reader.Section("Schedules")),
            RetentionSettings.Read(reader.Section("Retention")),
            PortSettings.Read(reader, logging),
            KafkaSettings.Read(reader.Section("Kafka"))
        );
        if (settings.Auth.Mode == AuthMode.Open && LoopbackRule.NonLoopback(urls) is { Count: > 0 } nonLoopback)
            reader.Section("Auth").Fault("Mode", LoopbackRule.Message(string.Join(", ", nonLoopback)));
        // Silos and Orleans clients do not authenticate, so their ports would be open to the network, too.
        if (
            settings is { Auth.Mode: AuthMode.Open, Storage.Provider: StoreProvider.MySql }
            && !IPAddress.IsLoopback(settings.Cluster.AdvertisedAddress)
        )
            reader
                .Section("Auth")
                .Fault(
                    "Mode",
                    LoopbackRule.Message($"{settings.Cluster.AdvertisedAddress} (GroupBuy__Cluster__AdvertisedAddress)")
                );
        if (settings.HasLivenessPort)
            settings.Cluster.CheckLivenessPort(reader.Section("Cluster"), urls.Select(PortOf));
        if (settings is { Role: ProcessRole.Gateway, Storage.Provider: not StoreProvider.MySql })
            reader.Fault("Role", "a gateway finds silos in their database, so GroupBuy:Storage:Provider must be MySql");
        reader.ThrowIfFaulty();
        return settings;
    }

    // The command line's short form wins.
    private static ProcessRole ReadRole(SettingsReader reader, string? given)
    {
        var role = reader.Bind("Role", ProcessRole.Silo);
        if (string.IsNullOrEmpty(given))
            return role;
        if (Enum.TryParse(given, ignoreCase: true, out role) && Enum.IsDefined(role) && !char.IsAsciiDigit(given[0]))
            return role;
        reader.Fault("Role", $"--role must be silo or gateway, not '{given}'");
        return ProcessRole.Silo;
    }

    /// <summary>True for a silo of a cluster that takes part in the detection of deaths.</summary>
    public bool HasLivenessPort => Storage.Provider == StoreProvider.MySql && Cluster.DeathDetection;

    /// <summary>The addresses that the server will bind to, by the server's own order of precedence.</summary>
    internal static IReadOnlyList<string> ReadUrls(IConfiguration configuration)
    {
        var urls = Split(configuration[WebHostDefaults.ServerUrlsKey] ?? "");
        if (urls.Length > 0 && configuration[WebHostDefaults.PreferHostingUrlsKey] is "1" or "true" or "True" or "TRUE")
            return urls;
        var endpoints = configuration
            .GetSection("Kestrel:Endpoints")
            .GetChildren()
            .Select(endpoint => endpoint["Url"])
            .OfType<string>()
            .ToArray();
        if (endpoints.Length > 0)
            return endpoints;
        if (urls.Length > 0)
            return urls;
        string[] ports =
        [
            .. Split(configuration["http_ports"] ?? "").Select(port => $"http://*:{port}"),
            .. Split(configuration["https_ports"] ?? "").Select(port => $"https://*:{port}"),
        ];
        return ports.Length > 0 ? ports : [UrlDefault];
    }

    // An address that is not valid is reported when the ports are checked.
    private static int PortOf(string url)
    {
        try
        {
            return BindingAddress.Parse(url).Port;
        }
        catch (FormatException)
        {
            return 0;
        }
    }

    private static string[] Split(string text) =>
        text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
