using System.Diagnostics;
using System.Globalization;
using GroupBuyActors.Benchmarks.Harness;
using GroupBuyActors.Benchmarks.Joins;
using GroupBuyActors.Groups;
using GroupBuyActors.Testing;
using GroupBuyActors.Testing.Silos;
using MySqlConnector;

namespace GroupBuyActors.Benchmarks.Relay;

/// <summary>
/// Events from the journal to Kafka and on to a consumer: how late they are under a steady load of joins, and how fast
/// a backlog is caught up with that gathered while no broker could be reached. Kafka is librdkafka's mock cluster in
/// this process: it keeps records in memory and replicates nothing, so a broker's own time is not in the figures.
/// </summary>
internal sealed class RelayBenchmark : IBenchmark
{
    private const int LoadCallers = 32;
    private const int BacklogCallers = 512;
    private static readonly TimeSpan CatchUpMax = TimeSpan.FromMinutes(5);

    public string Verb => "relay";

    public string Summary =>
        "events to Kafka: lateness under a steady load, and the rate at which a backlog is caught up with";

    public IReadOnlyList<Option> Options { get; } =
    [
        new("--groups", "N", "groups that the callers spread over (default 2000)"),
        new("--load", "N", "joins a second of the steady load (default 2000)"),
        new("--backlog", "N", "events that gather while Kafka is away (default 200000, with --quick 50000)"),
    ];

    public async Task<Report> RunAsync(BenchmarkOptions options, CancellationToken cancellation)
    {
        if (options.Database != DatabaseKind.MariaDb)
            throw new UsageException("This benchmark runs on mariadb.");
        var load = options.Number("--load", 2_000, 1, 100_000);
        var workload = new JoinWorkload(options.Number("--groups", 2_000, 1, 50_000), options.Seed);
        await using var database = await BenchDatabase.StartAsync(options);
        using var kafka = new MockKafka();
        var report = new Report(
            "relay: events of groups from the journal to Kafka (mock cluster) and a consumer",
            await database.DescribeAsync()
        );
        var settings = database.Silo("bench") with
        {
            Environment = new Dictionary<string, string?>
            {
                ["GroupBuy__Kafka__BootstrapServers"] = kafka.BootstrapServers,
            },
        };
        await using var silo = await SiloProcess.StartAsync(settings);
        await using var orleans = await OrleansConnection.OpenAsync(
            silo.Settings.GatewayPort,
            "groupbuy",
            cancellation
        );
        await workload.PublishAsync(orleans.Grains, cancellation);
        using var reader = new LagReader(kafka);
        IReadOnlyList<ProcessorMeter> meters =
        [
            new("client and Kafka", Environment.ProcessId),
            new("silo", silo.ProcessId),
            .. database.Meters(),
        ];

        var settling = workload.NextPart();
        await new ClosedLoop(LoadCallers, TimeSpan.Zero, options.Settling, options.Seed).RunAsync(
            "settling",
            caller => JoinAsync(orleans.Grains, workload, caller, settling),
            [],
            cancellation
        );
        await reader.ReachAsync(await EventsAsync(database, cancellation), CatchUpMax, cancellation);

        await SteadyAsync(options, load, workload, orleans.Grains, reader, meters, report, cancellation);
        await reader.ReachAsync(await EventsAsync(database, cancellation), CatchUpMax, cancellation);
        await CatchUpAsync(options, workload, orleans.Grains, kafka, reader, database, meters, report, cancellation);
        return report;
    }

    private static async Task SteadyAsync(
        BenchmarkOptions options,
        int load,
        JoinWorkload workload,
        IGrainFactory grains,
        LagReader reader,
        IReadOnlyList<ProcessorMeter> meters,
        Report report,
        CancellationToken cancellation
    )
    {
        var part = workload.NextPart();
        var pause = TimeSpan.FromSeconds((double)LoadCallers / load);
        var warmUp = Task.Delay(options.WarmUp, cancellation);
        _ = warmUp.ContinueWith(
            _ => reader.Measure(),
            cancellation,
            TaskContinuationOptions.OnlyOnRanToCompletion,
            TaskScheduler.Default
        );
        var joins = await new ClosedLoop(LoadCallers, options.WarmUp, options.Window, options.Seed).RunAsync(
            "",
            async caller =>
            {
                var next = Task.Delay(pause, cancellation);
                var outcome = await JoinAsync(grains, workload, caller, part);
                await next;
                return outcome;
            },
            meters,
            cancellation
        );
        var lag = reader.Lag();
        report.Add(
            new Measurement
            {
                Name = "event committed to consumed",
                Callers = 0,
                Elapsed = joins.Elapsed,
                Done = lag.TotalCount,
                Failed = joins.Failed,
                FirstFailure = joins.FirstFailure,
                Latencies = lag,
                Processors = joins.Processors,
            }
        );
        report.Measure("relay.lag_p50_ms", lag.GetValueAtPercentile(50) / 1000.0);
        report.Measure("relay.lag_p99_ms", lag.GetValueAtPercentile(99) / 1000.0);
        report.Note(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Steady load: {joins.Rate:N0} joins/s. An event's age counts from its time in the group, "
                    + $"before its commit; times are whole milliseconds."
            )
        );
    }

    private static async Task CatchUpAsync(
        BenchmarkOptions options,
        JoinWorkload workload,
        IGrainFactory grains,
        MockKafka kafka,
        LagReader reader,
        BenchDatabase database,
        IReadOnlyList<ProcessorMeter> meters,
        Report report,
        CancellationToken cancellation
    )
    {
        var wanted = options.Number("--backlog", options.Quick ? 50_000 : 200_000, 1_000, 10_000_000);
        var part = workload.NextPart();
        kafka.GoAway();
        var left = wanted;
        var away = await new ClosedLoop(BacklogCallers, TimeSpan.Zero, CatchUpMax, options.Seed).RunAsync(
            "joins, Kafka away",
            async caller =>
                Interlocked.Decrement(ref left) < 0
                    ? CallOutcome.Exhausted
                    : await JoinAsync(grains, workload, caller, part),
            [],
            cancellation
        );
        report.Add(away);
        report.Measure("relay.away_joins_rate", away.Rate);
        var (before, events) = (reader.Count, await EventsAsync(database, cancellation));
        foreach (var meter in meters)
            meter.Start();
        var cameBack = Stopwatch.GetTimestamp();
        kafka.ComeBack();
        await reader.ReachAsync(before + 1, CatchUpMax, cancellation);
        var first = Stopwatch.GetTimestamp();
        await reader.ReachAsync(events, CatchUpMax, cancellation);
        var took = Stopwatch.GetElapsedTime(first);
        foreach (var meter in meters)
            meter.Stop();
        var used = meters.Select(meter => $"{meter.Name} {meter.Used.TotalMicroseconds / (events - before):0}");
        report.Measure("relay.rate", (events - before) / took.TotalSeconds);
        report.Note(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Backlog: {events - before:N0} events at {(events - before) / took.TotalSeconds:N0}/s "
                    + $"({string.Join(", ", used)} µs of processor time each); the first came "
                    + $"{Stopwatch.GetElapsedTime(cameBack, first).TotalSeconds:0.0} s after the brokers were back, "
                    + $"the last {took.TotalSeconds:0.0} s after it. {reader.Repeated:N0} events came twice, "
                    + $"{reader.Gaps:N0} out of order."
            )
        );
        if (reader.Gaps > 0)
            throw new InvalidOperationException($"{reader.Gaps} events came before their predecessor.");
    }

    private static async Task<CallOutcome> JoinAsync(
        IGrainFactory grains,
        JoinWorkload workload,
        Caller caller,
        string part
    )
    {
        var reply = await grains.GetGrain<IGroupGrain>(workload.Pick(caller)).Join(JoinWorkload.NextJoin(caller, part));
        return reply.Succeeded ? CallOutcome.Done : CallOutcome.Failed;
    }

    private static async Task<long> EventsAsync(BenchDatabase database, CancellationToken cancellation)
    {
        await using var connection = new MySqlConnection(database.ConnectionString);
        await connection.OpenAsync(cancellation);
        await using var command = new MySqlCommand(
            "select count(*) from journal where actor_id is not null",
            connection
        );
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellation), CultureInfo.InvariantCulture);
    }
}
