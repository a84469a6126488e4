using System.Net.Http.Json;
using GroupBuyActors.Benchmarks.Harness;
using GroupBuyActors.Testing.Silos;
using HdrHistogram;

namespace GroupBuyActors.Benchmarks.Saga;

/// <summary>
/// From the join that reaches the threshold to stock deducted and every buyer's notice handed over, at a fixed rate of
/// groups forming, through a silo process with its sandbox ports; then with ports that take 20 ms each. A time runs
/// from the instant at which the join was due to what the ports' books say of the last notice.
/// </summary>
internal sealed class SagaBenchmark : IBenchmark
{
    private const int PortDelayMs = 20;

    public string Verb => "saga";

    public string Summary => "from the join that reaches the threshold to stock deducted and notices handed over";

    public IReadOnlyList<Option> Options { get; } =
    [
        new("--rate", "N", "groups forming a second (default 500)"),
        new("--size", "N", "buyers that a group needs, each of whom gets a notice (default 3)"),
    ];

    public async Task<Report> RunAsync(BenchmarkOptions options, CancellationToken cancellation)
    {
        var (rate, size) = (options.Number("--rate", 500, 1, 5_000), options.Number("--size", 3, 1, 100));
        await using var database = await BenchDatabase.StartAsync(options);
        var report = new Report(
            $"saga: {rate} groups of {size} forming a second; from the threshold join to stock deducted and "
                + $"{size} notices handed over",
            await database.DescribeAsync()
        );
        await using var silo = await SiloProcess.StartAsync(database.Silo("bench"));
        await using var orleans = await OrleansConnection.OpenAsync(
            silo.Settings.GatewayPort,
            "groupbuy",
            cancellation
        );
        var groups = new SagaGroups(size, options.Seed);
        IReadOnlyList<ProcessorMeter> meters =
        [
            new("client", Environment.ProcessId),
            new("silo", silo.ProcessId),
            .. database.Meters(),
        ];

        async Task MeasureAsync(string key, string name, TimeSpan before)
        {
            var ahead = (int)(rate * before.TotalSeconds);
            var ids = await groups.PrepareAsync(
                orleans.Grains,
                ahead + (int)(rate * options.Window.TotalSeconds),
                cancellation
            );
            await DelayPortsAsync(silo.Address, key.Length == 0 ? 0 : PortDelayMs, cancellation);
            // What the preparation left behind (projections, reminders) is not what is measured.
            await Task.Delay(options.WarmUp, cancellation);
            var joins = new PacedJoins(orleans.Grains, groups, ids, rate);
            await joins.RunAsync(
                ahead,
                () =>
                {
                    foreach (var meter in meters)
                        meter.Start();
                },
                cancellation
            );
            foreach (var meter in meters)
                meter.Stop();
            await Task.Delay(options.WarmUp, cancellation);
            await DelayPortsAsync(silo.Address, 0, cancellation);
            Enter(
                report,
                key,
                name,
                joins,
                await PortTimes.ReadAsync(silo.Address, cancellation),
                ids,
                ahead,
                size,
                options.Window,
                meters
            );
        }

        await MeasureAsync("", "ports in process", options.Settling);
        await MeasureAsync("ports20.", $"ports that take {PortDelayMs} ms", options.WarmUp);
        report.Note(
            "Due to the join's answer is measured by the caller; the other times end with what a port's book "
                + "says of its call, in whole milliseconds rounded down, before that book's own commit."
        );
        return report;
    }

    private static void Enter(
        Report report,
        string key,
        string name,
        PacedJoins joins,
        PortTimes times,
        string[] ids,
        int ahead,
        int size,
        TimeSpan window,
        IReadOnlyList<ProcessorMeter> meters
    )
    {
        var (answered, deducted, whole, missing) = (NewHistogram(), NewHistogram(), NewHistogram(), 0);
        for (var i = ahead; i < ids.Length; i++)
        {
            if (joins.AnsweredAfter(i) is not { } answer || times.Of(ids[i], size) is not var (stock, notices))
            {
                missing++;
                continue;
            }

            Record(answered, answer);
            Record(deducted, stock - joins.DueOf(i));
            Record(whole, notices - joins.DueOf(i));
        }

        Add($"{name}: to the join's answer", answered);
        Add($"{name}: to stock deducted", deducted);
        Add($"{name}: to the last notice", whole);
        report.Measure($"saga.{key}p50_ms", whole.GetValueAtPercentile(50) / 1000.0);
        report.Measure($"saga.{key}p99_ms", whole.GetValueAtPercentile(99) / 1000.0);

        void Add(string row, LongHistogram latencies) =>
            report.Add(
                new Measurement
                {
                    Name = row,
                    Callers = 0,
                    Elapsed = window,
                    Done = latencies.TotalCount,
                    Failed = missing,
                    FirstFailure =
                        missing == 0 ? null : joins.FirstFailure ?? $"{missing} groups were not told of in time.",
                    Latencies = latencies,
                    Processors = meters.ToDictionary(meter => meter.Name, meter => meter.Used),
                }
            );
    }

    private static LongHistogram NewHistogram() => new(1, (long)TimeSpan.FromHours(1).TotalMicroseconds, 3);

    private static void Record(LongHistogram to, TimeSpan time) =>
        to.RecordValue(Math.Max(1, (long)time.TotalMicroseconds));

    private static async Task DelayPortsAsync(Uri silo, int delayMs, CancellationToken cancellation)
    {
        using var http = new HttpClient { BaseAddress = silo };
        foreach (var port in (string[])["inventory", "notices"])
            using (var answer = await http.PutAsJsonAsync($"/v1/sandbox/faults/{port}", new { delayMs }, cancellation))
                answer.EnsureSuccessStatusCode();
    }
}
