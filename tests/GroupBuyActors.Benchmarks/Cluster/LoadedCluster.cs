using System.Diagnostics;
using System.Globalization;
using GroupBuyActors.Benchmarks.Harness;
using GroupBuyActors.Testing;
using GroupBuyActors.Testing.Silos;
using HdrHistogram;
using MySqlConnector;

namespace GroupBuyActors.Benchmarks.Cluster;

/// <summary>
/// Silo processes on a private database under the load of callers, each with groups of its own. At the end what was
/// acknowledged is compared with what is stored.
/// </summary>
internal sealed class LoadedCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly CallerSettings _settings;
    private readonly HttpClient _http = new(
        new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(2),
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
        }
    )
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };
    private readonly CancellationTokenSource _enough = new();
    private readonly List<Task> _running = [];

    private LoadedCluster(TestedSystem system, CallerSettings settings) => (System, _settings) = (system, settings);

    /// <summary>The processes.</summary>
    public TestedSystem System { get; }

    /// <summary>The callers.</summary>
    public IReadOnlyList<GroupCaller> Callers { get; private set; } = [];

    /// <summary>Arguments of a private database server, as in the other benchmarks.</summary>
    public static readonly string[] ServerArguments = ["--innodb-buffer-pool-size=1G", "--innodb-log-file-size=512M"];

    /// <summary>Starts silos without load.</summary>
    public static Task<TestedSystem> StartSilosAsync(
        BenchmarkOptions options,
        int silos,
        IReadOnlyDictionary<string, string?>? environment = null
    )
    {
        if (options.Text("--connection") is { } existing)
            Environment.SetEnvironmentVariable(MariaDbServer.ExistingServerVariable, existing);
        return TestedSystem.OnMariaDbAsync(silos, environment, ServerArguments);
    }

    /// <summary>Starts silos and callers; every caller has been answered.</summary>
    public static async Task<LoadedCluster> StartAsync(
        BenchmarkOptions options,
        int silos,
        CancellationToken cancellation,
        IReadOnlyDictionary<string, string?>? environment = null
    )
    {
        var settings = new CallerSettings(
            TimeSpan.FromMilliseconds(options.Number("--pace", 30, 1, 10_000)),
            TimeSpan.FromMilliseconds(options.Number("--try", 2_000, 50, 60_000))
        );
        var cluster = new LoadedCluster(await StartSilosAsync(options, silos, environment), settings);
        try
        {
            settings.Silos = [.. cluster.System.Addresses];
            cluster.Callers =
            [
                .. Enumerable
                    .Range(0, options.Number("--callers", 48, 3, 1_000))
                    .Select(index => new GroupCaller(cluster._http, settings, index)),
            ];
            foreach (var caller in cluster.Callers)
                cluster._running.Add(Task.Run(() => caller.RunAsync(cluster._enough.Token), cancellation));
            await cluster.WaitForAnswersAsync(Stopwatch.GetTimestamp(), cancellation);
            // Until the code of the silos is compiled for good.
            await Task.Delay(options.Settling, cancellation);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets calls go to all silos that are there, too, or to fewer.</summary>
    public void Serve(IEnumerable<SiloProcess> silos) => _settings.Silos = [.. silos.Select(silo => silo.Address)];

    /// <summary>Waits until every caller has an answer to a try that began after a moment.</summary>
    public async Task WaitForAnswersAsync(long since, CancellationToken cancellation)
    {
        while (Callers.FirstOrDefault(caller => !caller.HasAnswerSince(since)) is { } missing)
        {
            if (Callers.FirstOrDefault(caller => caller.Fault is not null) is { } broken)
                throw new InvalidOperationException(broken.Fault);
            if (Stopwatch.GetElapsedTime(since) > Patience)
                throw new TimeoutException(
                    $"{missing.Group} was not answered within {Patience.TotalSeconds} s: {missing.FirstFailure}"
                );
            await Task.Delay(10, cancellation);
        }
    }

    /// <summary>The number of the silo that made the last commit of each caller's group.</summary>
    public async Task<IReadOnlyDictionary<GroupCaller, int>> LocateAsync()
    {
        var groups = Callers.ToDictionary(caller => caller.Group);
        var each = groups.Keys.Select(group =>
            $"(select j.actor_id, s.silo_slot from journal j join stream s on s.id = j.stream "
            + $"where j.actor_id = '{GroupActors.Kind}:{group}' order by j.sequence desc limit 1)"
        );
        var slots = System.Silos.Select(silo => silo.Settings.Name).ToList();
        var found = new Dictionary<GroupCaller, int>();
        await using var rows = await QueryAsync(string.Join(" union all ", each));
        while (await rows.Reader.ReadAsync())
            found[groups[rows.Reader.GetString(0)[(GroupActors.Kind.Length + 1)..]]] = slots.IndexOf(
                rows.Reader.GetString(1)
            );
        return found;
    }

    /// <summary>Begins to measure.</summary>
    public void Begin()
    {
        foreach (var caller in Callers)
            caller.Begin();
    }

    /// <summary>The latencies of all calls since <see cref="Begin"/>, in microseconds, and tries that failed.</summary>
    public (LongHistogram Latencies, int Calls, int Failed, string? FirstFailure) Read()
    {
        var latencies = GroupCaller.NewHistogram();
        var calls = Callers.Sum(caller => caller.AddTo(latencies));
        return (
            latencies,
            calls,
            Callers.Sum(caller => caller.Failed),
            Callers.Select(caller => caller.FirstFailure).FirstOrDefault(failure => failure is not null)
        );
    }

    /// <summary>
    /// Stops the callers and compares what they were told with the tables: every acknowledged join is there, and there
    /// is no other.
    /// </summary>
    public async Task<Audit> AuditAsync()
    {
        await _enough.CancelAsync();
        await Task.WhenAll(_running);
        var acknowledged = Callers.SelectMany(caller => caller.Acknowledged).ToDictionary();
        var (lost, doubled) = (0, 0);
        await using (
            var rows = await QueryAsync(
                """
                select group_id, count(distinct user_id), count(distinct order_id) from order_status_log
                  group by group_id
                """
            )
        )
        {
            while (await rows.Reader.ReadAsync())
            {
                acknowledged.Remove(rows.Reader.GetString(0), out var told);
                lost += Math.Max(0, told - rows.Reader.GetInt32(1));
                doubled += rows.Reader.GetInt32(2) - told;
            }
        }
        lost += acknowledged.Values.Sum();
        return new Audit(
            Callers.Sum(caller => caller.Acknowledged.Values.Sum()),
            lost,
            doubled,
            Callers.Select(caller => caller.Fault).FirstOrDefault(fault => fault is not null)
        );
    }

    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync();
        await System.DisposeAsync();
        _http.Dispose();
        _enough.Dispose();
    }

    private async Task<Rows> QueryAsync(string sql)
    {
        var connection = new MySqlConnection(System.Database!.ConnectionString(System.DatabaseName) + ";Pooling=false");
        await connection.OpenAsync();
        var command = new MySqlCommand(sql, connection) { CommandTimeout = 120 };
        return new Rows(connection, command, await command.ExecuteReaderAsync());
    }

    private sealed record Rows(MySqlConnection Connection, MySqlCommand Command, MySqlDataReader Reader)
        : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Reader.DisposeAsync();
            await Command.DisposeAsync();
            await Connection.DisposeAsync();
        }
    }
}

/// <summary>What became of the acknowledged joins.</summary>
/// <param name="Acknowledged">How many.</param>
/// <param name="Lost">Acknowledged and not stored.</param>
/// <param name="Doubled">Orders more than acknowledged buyers.</param>
/// <param name="Fault">An answer that no caller should get.</param>
internal sealed record Audit(long Acknowledged, int Lost, int Doubled, string? Fault)
{
    /// <summary>True where all is as it was acknowledged.</summary>
    public bool Holds => Lost == 0 && Doubled == 0 && Fault is null;

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Acknowledged:N0} acknowledged joins, {Lost} lost, {Doubled} doubled{(Fault is null ? "" : $"; {Fault}")}"
        );
}
