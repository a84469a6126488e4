using System.Net;

namespace GroupBuyActors.Testing.Silos;

/// <summary>Silo processes and their database, on loopback, in a directory of their own.</summary>
public sealed class TestedSystem : IAsyncDisposable
{
    private readonly List<TimeSpan> _startUps = [];
    private readonly string? _connection;
    private SiloProcess[] _silos = [];

    private TestedSystem(string directory, MariaDbServer? database, TcpFaultProxy? proxy, string? name)
    {
        Directory = directory;
        Database = database;
        Proxy = proxy;
        DatabaseName = name;
        _connection = database?.ConnectionString(name, proxy?.Port);
    }

    /// <summary>Where logs and data lie.</summary>
    public string Directory { get; }

    /// <summary>The database server; null on SQLite.</summary>
    public MariaDbServer? Database { get; }

    /// <summary>The name of its database; null on SQLite.</summary>
    public string? DatabaseName { get; }

    /// <summary>The SQLite file.</summary>
    public string SqliteFile => Path.Combine(Directory, _silos[0].Settings.SqliteFile);

    /// <summary>What silos reach the database through, where that can be disturbed.</summary>
    public TcpFaultProxy? Proxy { get; }

    /// <summary>Every silo, also one that is down.</summary>
    public IReadOnlyList<SiloProcess> Silos => _silos;

    /// <summary>Where silos serve HTTP.</summary>
    public IEnumerable<Uri> Addresses => _silos.Select(silo => silo.Address);

    /// <summary>One silo on a SQLite file.</summary>
    /// <param name="environment">Further environment variables of its first process.</param>
    public static Task<TestedSystem> OnSqliteAsync(IReadOnlyDictionary<string, string?>? environment = null) =>
        StartAsync(null, null, null, 1, environment);

    /// <summary>One silo on a SQLite file, run by another command.</summary>
    public static Task<TestedSystem> OnSqliteThroughAsync(IReadOnlyList<string> command) =>
        StartAsync(null, null, null, 1, through: command);

    /// <summary>Silos on a private MariaDB server.</summary>
    public static async Task<TestedSystem> OnMariaDbAsync(
        int silos,
        IReadOnlyDictionary<string, string?>? environment = null,
        params string[] serverArguments
    )
    {
        var database = await MariaDbServer.StartAsync(serverArguments);
        return await StartAsync(database, await database.CreateDatabaseAsync("cluster"), null, silos, environment);
    }

    /// <summary>Silos that reach a private MariaDB server through a proxy.</summary>
    public static async Task<TestedSystem> OnMariaDbThroughProxyAsync(
        int silos,
        IReadOnlyDictionary<string, string?>? environment = null
    )
    {
        var database = await MariaDbServer.StartAsync();
        return await StartAsync(
            database,
            await database.CreateDatabaseAsync("cluster"),
            TcpFaultProxy.Start(database),
            silos,
            environment
        );
    }

    /// <summary>kill -9.</summary>
    public Task KillAsync(int silo) => _silos[silo].KillAsync();

    /// <summary>Starts a killed silo again, at its ports and under its name, and waits until it is ready.</summary>
    public async Task RestartAsync(int silo)
    {
        await LaunchAsync(silo);
        await ReadyAsync(silo);
    }

    /// <summary>Starts a killed silo again and waits for nothing.</summary>
    /// <param name="silo">Which.</param>
    /// <param name="environment">Environment variables instead of those that its last process had; null for the
    /// same.</param>
    public Task LaunchAsync(int silo, IReadOnlyDictionary<string, string?>? environment = null) =>
        LaunchAsync(silo, settings => environment is null ? settings : settings with { Environment = environment });

    /// <summary>Starts a silo that has ended again, with changed settings, and waits for nothing.</summary>
    public async Task LaunchAsync(int silo, Func<SiloSettings, SiloSettings> change)
    {
        await _silos[silo].DisposeAsync();
        _silos[silo] = SiloProcess.Launch(change(_silos[silo].Settings));
    }

    /// <summary>
    /// Starts a killed silo again at an address and ports that it did not have before, under its name, and waits for
    /// nothing.
    /// </summary>
    /// <param name="silo">Which.</param>
    /// <param name="address">One of loopback, by which other silos reach it.</param>
    public async Task LaunchElsewhereAsync(int silo, IPAddress address)
    {
        await _silos[silo].DisposeAsync();
        var before = _silos[silo].Settings;
        var environment = new Dictionary<string, string?>(before.Environment)
        {
            ["GroupBuy__Cluster__AdvertisedAddress"] = address.ToString(),
        };
        _silos[silo] = SiloProcess.Launch(
            SiloSettings.Draw(before.Name, Directory, _connection) with
            {
                Environment = environment,
            }
        );
    }

    /// <summary>
    /// Starts one silo more, set as the first one, and waits for nothing. Gives its number: it is stopped and started
    /// like the others.
    /// </summary>
    public int Add()
    {
        Launch(_silos[0].Settings.Environment, _silos[0].Settings.Through);
        return _silos.Length - 1;
    }

    /// <summary>
    /// Asks a silo to stop, as an orchestrator does, and gives its exit status; null where it had to be killed.
    /// </summary>
    public Task<int?> StopAsync(int silo) => _silos[silo].StopAsync(TimeSpan.FromSeconds(60));

    /// <summary>Waits until a silo is ready.</summary>
    public async Task ReadyAsync(int silo)
    {
        await _silos[silo].WaitUntilReadyAsync(TimeSpan.FromSeconds(60));
        _startUps.Add(_silos[silo].StartUp);
    }

    /// <summary>Leaves logs and data where they are, for a person to look at after a failure.</summary>
    public bool KeepsFiles { get; set; }

    /// <summary>How long silos took to be ready.</summary>
    public string DescribeStartUps() =>
        $"{_startUps.Count} start-ups, {_startUps.Average(time => time.TotalSeconds):0.0} s on average, at most "
        + $"{_startUps.Max().TotalSeconds:0.0} s";

    /// <summary>The last lines of every silo's output.</summary>
    public string Tails() => string.Join('\n', _silos.Select(silo => silo.Tail()));

    /// <summary>Ends all of it.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _silos)
            await silo.DisposeAsync();
        if (Proxy is not null)
            await Proxy.DisposeAsync();
        if (Database is not null)
            await Database.DisposeAsync();
        if (!KeepsFiles)
            System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static async Task<TestedSystem> StartAsync(
        MariaDbServer? database,
        string? name,
        TcpFaultProxy? proxy,
        int silos,
        IReadOnlyDictionary<string, string?>? environment = null,
        IReadOnlyList<string>? through = null
    )
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("groupbuy-cluster-").FullName;
        var system = new TestedSystem(directory, database, proxy, name);
        try
        {
            // All at once: migrations and joining must bear it.
            for (var silo = 0; silo < silos; silo++)
                system.Launch(environment, through);
            for (var silo = 0; silo < silos; silo++)
                await system.ReadyAsync(silo);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    private void Launch(IReadOnlyDictionary<string, string?>? environment, IReadOnlyList<string>? through)
    {
        var settings = SiloSettings.Draw($"silo-{_silos.Length + 1}", Directory, _connection) with
        {
            Environment = environment ?? new Dictionary<string, string?>(),
            Through = through ?? [],
        };
        _silos = [.. _silos, SiloProcess.Launch(settings)];
    }
}
