using System.Diagnostics;
using System.Globalization;
using GroupBuyActors.Benchmarks.Harness;

namespace GroupBuyActors.Benchmarks.Cluster;

/// <summary>
/// Three silo processes on one database: what callers notice when one is killed, stopped or added; how placement
/// balances; what an idle cluster asks of the database. Silos, callers and database share the machine.
/// </summary>
internal sealed class ClusterBenchmark : IBenchmark
{
    private const int Silos = 3;
    private static readonly string[] Parts = ["failover", "defaults", "drain", "grow", "balance", "silos", "idle"];
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    public string Verb => "cluster";

    public string Summary =>
        "what callers notice when silos die, stop and come; balance; statements of an idle cluster";

    public IReadOnlyList<Option> Options { get; } =
    [
        new("--kills", "N", "kills -9 of a silo (default 30, with --quick 5)"),
        new("--default-kills", "N", "kills with Orleans' own failure detection (default 8, with --quick 2)"),
        new("--drains", "N", "stops of a silo by SIGTERM (default 6, with --quick 2)"),
        new("--callers", "N", "callers over HTTP, each with groups of its own (default 48)"),
        new("--pace", "MS", "pause of a caller between two calls (default 30)"),
        new("--try", "MS", "how long a caller waits for one try (default 2000)"),
        new("--active", "N", "further groups in memory when a silo is added (default 2000, with --quick 300)"),
        new("--move-wait", "S", "how long to wait until groups are at home (default 120, with --quick 45)"),
        new("--sleeping", "N", "sleeping groups of the idle cluster (default 1000000, with --quick 20000)"),
        new("--only", "PARTS", $"some of: {string.Join(',', Parts)} (default all)"),
    ];

    public async Task<Report> RunAsync(BenchmarkOptions options, CancellationToken cancellation)
    {
        if (options.Database != DatabaseKind.MariaDb)
            throw new UsageException("A cluster needs MariaDB or MySQL.");
        var parts = (options.Text("--only") ?? string.Join(',', Parts)).Split(',').ToHashSet();
        if (parts.Except(Parts).FirstOrDefault() is { } unknown)
            throw new UsageException($"--only has no part {unknown}; there are {string.Join(", ", Parts)}.");
        var report = new Report(
            "cluster: three silos, joins over HTTP with a request key, each durable before it is answered",
            await DescribeAsync(options)
        );
        Tell($"seed {options.Seed}");
        if (parts.Overlaps(["failover", "drain", "grow"]))
            await UnderLoadAsync(options, parts, report, cancellation);
        if (parts.Contains("defaults"))
            await WithDefaultsAsync(options, report, cancellation);
        if (parts.Contains("balance"))
            Balance.Run(report);
        if (parts.Contains("silos"))
            await SiloCounts.RunAsync(options, report, cancellation);
        if (parts.Contains("idle"))
            await IdleCluster.RunAsync(options, report, Tell, cancellation);
        return report;
    }

    private async Task UnderLoadAsync(
        BenchmarkOptions options,
        HashSet<string> parts,
        Report report,
        CancellationToken cancellation
    )
    {
        await using var cluster = await LoadedCluster.StartAsync(options, Silos, cancellation);
        Tell($"{Silos} silos under load: {cluster.System.DescribeStartUps()}");
        var failover = new Failover(cluster, new Random(options.Seed), Tell);
        if (parts.Contains("failover"))
        {
            var (gaps, starts) = await failover.KillAsync(
                options.Number("--kills", options.Quick ? 5 : 30, 1, 10_000),
                cancellation
            );
            Add(report, "kill -9", gaps, starts);
            report.Measure("cluster.gap_p99_ms", gaps.Percentile(99).TotalMilliseconds);
            report.Measure("cluster.gap_max_ms", gaps.Longest.TotalMilliseconds);
        }
        if (parts.Contains("drain"))
        {
            var (gaps, starts) = await failover.DrainAsync(
                options.Number("--drains", options.Quick ? 2 : 6, 1, 10_000),
                cancellation
            );
            Add(report, "SIGTERM", gaps, starts);
            report.Measure("cluster.drain_gap_ms", gaps.Longest.TotalMilliseconds);
        }
        if (parts.Contains("grow"))
            await new Growth(cluster, options, Tell).RunAsync(report, cancellation);
        await AuditAsync(cluster, report, "Audit");
    }

    private async Task WithDefaultsAsync(BenchmarkOptions options, Report report, CancellationToken cancellation)
    {
        await using var cluster = await LoadedCluster.StartAsync(
            options,
            Silos,
            cancellation,
            OrleansDefaults.Environment
        );
        Tell($"{Silos} silos with Orleans' own failure detection under load");
        var (gaps, starts) = await new Failover(cluster, new Random(options.Seed), Tell).KillAsync(
            options.Number("--default-kills", options.Quick ? 2 : 8, 1, 10_000),
            cancellation
        );
        Add(report, "kill -9 with Orleans' own failure detection", gaps, starts);
        report.Measure("cluster.default_gap_p99_ms", gaps.Percentile(99).TotalMilliseconds);
        await AuditAsync(cluster, report, "Audit with Orleans' own failure detection");
    }

    private static void Add(Report report, string what, Gaps gaps, Gaps starts)
    {
        foreach (var line in gaps.Describe(what).Concat(starts.Describe("  start again after it").Take(1)))
            report.Note(line);
    }

    private async Task AuditAsync(LoadedCluster cluster, Report report, string name)
    {
        var audit = await cluster.AuditAsync();
        Tell($"{name}: {audit}");
        report.Note($"{name}: {audit}.");
        if (!audit.Holds)
            report.Fail($"{name}: {audit}");
    }

    private static async Task<string> DescribeAsync(BenchmarkOptions options)
    {
        await using var database = await BenchDatabase.StartAsync(options);
        return await database.DescribeAsync();
    }

    private void Tell(string what) =>
        Console.Error.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{_clock.Elapsed.TotalSeconds, 7:0.0} s  {what}")
        );
}
