namespace GroupBuyActors.Testing.Silos;

/// <summary>How a silo process is started. Ports stay the same over restarts, as a service's do.</summary>
public sealed record SiloSettings
{
    /// <summary>The slot name, and the name of its log.</summary>
    public required string Name { get; init; }

    /// <summary>Where its data and its log lie; made if it is not there.</summary>
    public required string Directory { get; init; }

    /// <summary>A MySqlConnector string; null for SQLite in <see cref="Directory"/>.</summary>
    public string? MySql { get; init; }

    /// <summary>The SQLite file, relative to <see cref="Directory"/>.</summary>
    public string SqliteFile { get; init; } = "groupbuy.db";

    /// <summary>Port of HTTP.</summary>
    public required int HttpPort { get; init; }

    /// <summary>Port that silos talk to.</summary>
    public required int SiloPort { get; init; }

    /// <summary>Port that Orleans clients talk to.</summary>
    public required int GatewayPort { get; init; }

    /// <summary>Port at which silos of a cluster see that the process lives.</summary>
    public required int LivenessPort { get; init; }

    /// <summary>
    /// Further environment variables; they win over what is derived from the above. Null removes one.
    /// </summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>
    /// A command that runs the silo's, such as a shell that sets something first and then execs its arguments.
    /// </summary>
    public IReadOnlyList<string> Through { get; init; } = [];

    /// <summary>The silo's assembly; null for the one that was built beside the tests.</summary>
    public string? Binary { get; init; }

    /// <summary>Command line, such as <c>demo --exit</c>.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Settings with free ports.</summary>
    public static SiloSettings Draw(string name, string directory, string? mySql = null)
    {
        var ports = LoopbackPorts.Draw(4);
        return new()
        {
            Name = name,
            Directory = directory,
            MySql = mySql,
            HttpPort = ports[0],
            SiloPort = ports[1],
            GatewayPort = ports[2],
            LivenessPort = ports[3],
        };
    }

    /// <summary>The environment of the process, in the documented names.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Variables()
    {
        var variables = new Dictionary<string, string?>
        {
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{HttpPort}",
            ["GroupBuy__Storage__Provider"] = MySql is null ? "Sqlite" : "MySql",
            ["ConnectionStrings__GroupBuy"] = MySql ?? $"Data Source={SqliteFile}",
            ["GroupBuy__Cluster__Name"] = Name,
            ["GroupBuy__Cluster__SiloPort"] = SiloPort.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["GroupBuy__Cluster__GatewayPort"] = GatewayPort.ToString(
                System.Globalization.CultureInfo.InvariantCulture
            ),
            ["GroupBuy__Cluster__LivenessPort"] = LivenessPort.ToString(
                System.Globalization.CultureInfo.InvariantCulture
            ),
        };
        foreach (var (name, value) in Environment)
            variables[name] = value;
        return variables;
    }
}
