using System.Diagnostics;
using System.Globalization;
using GroupBuyActors.Benchmarks.Harness;
using GroupBuyActors.Groups;
using GroupBuyActors.Testing.Silos;

namespace GroupBuyActors.Benchmarks.Joins;

/// <summary>
/// Durable joins a second: through an Orleans client to a silo process, spread over many groups and on a hot one, and
/// over HTTP; then, on the same database, a stock Orleans grain doing the same and a grain that keeps nothing. Client,
/// silo and database share the machine, as in all figures the design is built on.
/// </summary>
internal sealed class JoinsBenchmark : IBenchmark
{
    private const int FewCallers = 64;
    private const int ManyCallers = 512;

    public string Verb => "joins";

    public string Summary =>
        "durable joins a second against stock Orleans persistence and against an Orleans call that keeps nothing";

    public IReadOnlyList<Option> Options { get; } =
    [
        new("--groups", "N", "groups that the callers spread over (default 5000)"),
        new("--callers", "LIST", "callers at once of the part spread over the groups (default 64,512)"),
        new("--only", "PARTS", "some of: spread,hot,http,stock,ceiling (default all)"),
    ];

    public async Task<Report> RunAsync(BenchmarkOptions options, CancellationToken cancellation)
    {
        var parts = (options.Text("--only") ?? "spread,hot,http,stock,ceiling").Split(',').ToHashSet();
        var workload = new JoinWorkload(options.Number("--groups", 5000, 1, 50_000), options.Seed);
        await using var database = await BenchDatabase.StartAsync(options);
        var report = new Report(
            "joins: each with an event, a status row, an order-close task and a request key, durable before it "
                + "is answered",
            await database.DescribeAsync()
        );

        // The engine's silo goes first in any case: it makes the tables that the comparators use, too.
        var engine = await EngineAsync(options, parts, workload, database, report, cancellation);
        var comparators = await ComparatorsAsync(options, parts, workload, database, report, cancellation);
        Compare(report, engine, comparators);
        return report;
    }

    private static async Task<Dictionary<string, Measurement>> EngineAsync(
        BenchmarkOptions options,
        HashSet<string> parts,
        JoinWorkload workload,
        BenchDatabase database,
        Report report,
        CancellationToken cancellation
    )
    {
        var found = new Dictionary<string, Measurement>();
        await using var silo = await SiloProcess.StartAsync(database.Silo("bench"));
        await using var orleans = await OrleansConnection.OpenAsync(
            silo.Settings.GatewayPort,
            "groupbuy",
            cancellation
        );
        var publishing = Stopwatch.StartNew();
        await workload.PublishAsync(orleans.Grains, cancellation);
        report.Note(
            $"{workload.Groups.Count} groups were published in {publishing.Elapsed.TotalSeconds:0.0} s; the "
                + $"silo was ready after {silo.StartUp.TotalSeconds:0.0} s."
        );

        var settling = workload.NextPart();
        await SettleAsync(
            options,
            caller => JoinAsync(orleans.Grains, workload.Pick(caller), JoinWorkload.NextJoin(caller, settling)),
            cancellation
        );

        IReadOnlyList<ProcessorMeter> meters =
        [
            new("client", Environment.ProcessId),
            new("silo", silo.ProcessId),
            .. database.Meters(),
        ];
        async Task<Measurement> MeasureAsync(string key, string name, int callers, Func<Caller, Task<CallOutcome>> call)
        {
            var row = await new ClosedLoop(callers, options.WarmUp, options.Window, options.Seed).RunAsync(
                name,
                call,
                meters,
                cancellation
            );
            report.Add(row);
            report.Measure($"joins.{key}.rate", row.Rate);
            report.Measure($"joins.{key}.p99_ms", row.Milliseconds(99));
            return found[key] = row;
        }

        if (parts.Contains("spread"))
            foreach (var callers in Callers(options))
            {
                var part = workload.NextPart();
                await MeasureAsync(
                    $"{callers}",
                    $"joins, {workload.Groups.Count} groups",
                    callers,
                    caller => JoinAsync(orleans.Grains, workload.Pick(caller), JoinWorkload.NextJoin(caller, part))
                );
            }
        if (parts.Contains("hot"))
        {
            // Its seats are the work: warmed up on the groups before, it is measured from the first seat.
            var part = workload.NextPart();
            var hot = await workload.PublishHotAsync(orleans.Grains);
            var row = await new ClosedLoop(ManyCallers, TimeSpan.Zero, options.Window, options.Seed).RunAsync(
                "joins, one hot group",
                caller => JoinAsync(orleans.Grains, hot, JoinWorkload.NextJoin(caller, part)),
                meters,
                cancellation
            );
            report.Add(row);
            report.Measure("joins.hot.rate", row.Rate);
            report.Measure("joins.hot.p99_ms", row.Milliseconds(99));
        }
        if (parts.Contains("http"))
        {
            var part = workload.NextPart();
            using var http = new HttpJoins(silo.Address, FewCallers);
            await MeasureAsync(
                "http",
                "joins over HTTP",
                FewCallers,
                caller =>
                {
                    var join = JoinWorkload.NextJoin(caller, part);
                    return http.JoinAsync(workload.Pick(caller), join.UserId, join.Request!.Id);
                }
            );
        }
        return found;
    }

    private static async Task<Dictionary<string, Measurement>> ComparatorsAsync(
        BenchmarkOptions options,
        HashSet<string> parts,
        JoinWorkload workload,
        BenchDatabase database,
        Report report,
        CancellationToken cancellation
    )
    {
        var found = new Dictionary<string, Measurement>();
        if (!parts.Contains("stock") && !parts.Contains("ceiling"))
            return found;
        var ports = LoopbackPorts.Draw(2);
        await using var host = await ComparatorHost.StartAsync(database, ports[0], ports[1], cancellation);
        await using var orleans = await OrleansConnection.OpenAsync(ports[1], ComparatorHost.ClusterId, cancellation);
        IReadOnlyList<ProcessorMeter> meters =
        [
            new("client", Environment.ProcessId),
            new("silo", host.ProcessId),
            .. database.Meters(),
        ];

        var settling = workload.NextPart();
        await SettleAsync(
            options,
            caller =>
                Check(
                    orleans
                        .Grains.GetGrain<ICeilingGroupGrain>(workload.Pick(caller))
                        .Join(JoinWorkload.NextJoin(caller, settling))
                ),
            cancellation
        );

        async Task MeasureAsync(
            string key,
            string name,
            int callers,
            Func<string, JoinGroup, Task<Reply<OrderView>>> join
        )
        {
            var part = workload.NextPart();
            var row = await new ClosedLoop(callers, options.WarmUp, options.Window, options.Seed).RunAsync(
                name,
                caller => Check(join(workload.Pick(caller), JoinWorkload.NextJoin(caller, part))),
                meters,
                cancellation
            );
            report.Add(row);
            // Each comparator counts with its better figure.
            if (!found.TryGetValue(key, out var before) || row.Rate > before.Rate)
                found[key] = row;
        }

        foreach (var callers in (int[])[FewCallers, ManyCallers])
        {
            if (parts.Contains("stock"))
                await MeasureAsync(
                    "stock",
                    "stock Orleans grain",
                    callers,
                    (group, join) => orleans.Grains.GetGrain<IStockGroupGrain>(group).Join(join)
                );
            if (parts.Contains("ceiling"))
                await MeasureAsync(
                    "ceiling",
                    "grain that keeps nothing",
                    callers,
                    (group, join) => orleans.Grains.GetGrain<ICeilingGroupGrain>(group).Join(join)
                );
        }
        foreach (var (key, row) in found)
            report.Measure($"joins.{key}.rate", row.Rate);
        return found;
    }

    private static async Task SettleAsync(
        BenchmarkOptions options,
        Func<Caller, Task<CallOutcome>> call,
        CancellationToken cancellation
    ) =>
        await new ClosedLoop(ManyCallers, TimeSpan.Zero, options.Settling, options.Seed).RunAsync(
            "settling",
            call,
            [],
            cancellation
        );

    private static IEnumerable<int> Callers(BenchmarkOptions options) =>
        (options.Text("--callers") ?? $"{FewCallers},{ManyCallers}")
            .Split(',')
            .Select(text =>
                int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var callers)
                && callers is > 0 and <= 10_000
                    ? callers
                    : throw new UsageException($"--callers is a list of numbers up to 10000, not {text}.")
            );

    private static void Compare(
        Report report,
        Dictionary<string, Measurement> engine,
        Dictionary<string, Measurement> comparators
    )
    {
        if (!engine.TryGetValue($"{ManyCallers}", out var many))
            return;
        if (comparators.TryGetValue("stock", out var stock) && stock.Done > 0)
        {
            report.Measure("joins.512.over_stock", many.Rate / stock.Rate);
            report.Note($"At {ManyCallers} callers: {many.Rate / stock.Rate:0.0} times the stock grain's best.");
        }
        if (comparators.TryGetValue("ceiling", out var ceiling) && ceiling.Done > 0)
        {
            report.Measure("joins.512.of_ceiling", many.Rate / ceiling.Rate);
            report.Note($"At {ManyCallers} callers: {many.Rate / ceiling.Rate:P0} of a call that keeps nothing.");
        }
    }

    private static Task<CallOutcome> JoinAsync(IGrainFactory grains, string group, JoinGroup join) =>
        Check(grains.GetGrain<IGroupGrain>(group).Join(join));

    private static async Task<CallOutcome> Check(Task<Reply<OrderView>> join)
    {
        var reply = await join;
        if (reply.Succeeded)
            return CallOutcome.Done;
        return reply.Refusal.Code == RefusalCode.GroupFull
            ? CallOutcome.Exhausted
            : throw new InvalidOperationException($"{reply.Refusal.Code}: {reply.Refusal.Detail}");
    }
}
