using System.Globalization;
using GroupBuyActors.Benchmarks.Harness;

namespace GroupBuyActors.Benchmarks.Tasks;

/// <summary>
/// Timed tasks with millions waiting: how many a second are scheduled, fired and cancelled, how late they begin, what
/// one merchant's herd does to another's tasks, and what memory it takes; then Quartz.NET and Orleans reminders on the
/// same database server.
/// </summary>
internal sealed class TasksBenchmark : IBenchmark
{
    public string Verb => "tasks";

    public string Summary =>
        "timed tasks: schedule, fire and cancel beside millions that wait; against Quartz.NET and Orleans reminders";

    public IReadOnlyList<Option> Options { get; } =
    [
        new(
            "--pending",
            "N",
            "tasks that wait days ahead in the table all the while (default 10000000, with --quick 1000000)"
        ),
        new("--rates", "LIST", "tasks due a second of the fire part (default 100,400,2000,5000,10000)"),
        new("--only", "PARTS", $"some of: {string.Join(',', Parts)} (default all)"),
    ];

    private static readonly string[] Parts = ["schedule", "fire", "closes", "herd", "cancel", "quartz", "reminders"];

    public async Task<Report> RunAsync(BenchmarkOptions options, CancellationToken cancellation)
    {
        var parts = (options.Text("--only")?.Split(',') ?? Parts).ToHashSet();
        if (parts.Except(Parts).FirstOrDefault() is { } unknown)
            throw new UsageException($"--only names some of {string.Join(',', Parts)}, not {unknown}.");
        if (options.Database != DatabaseKind.MariaDb)
            throw new UsageException("tasks are measured on MariaDB or MySQL only: the comparators need one.");
        var rates = Rates(options);
        var pending = options.Number("--pending", options.Quick ? 1_000_000 : 10_000_000, 0, 100_000_000);

        await using var database = await BenchDatabase.StartAsync(options);
        var report = new Report(
            string.Create(
                CultureInfo.InvariantCulture,
                $"tasks: durable before they count, {pending:N0} others pending over all {ShardId.Count:N0} shards"
            ),
            await database.DescribeAsync()
        );
        var loaded = await new PendingTasks(database, pending).LoadAsync(cancellation);
        if (pending > 0)
            report.Note(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Pending tasks were loaded in bulk at {loaded:N0} rows/s before the silo started."
                )
            );

        var run = new TasksReport(options, database, report, cancellation);
        await run.EngineAsync(parts, rates, pending);
        // The engine is gone by now; the comparators have the machine for themselves, as it had.
        if (parts.Contains("quartz"))
            await run.QuartzAsync();
        if (parts.Contains("reminders"))
            await run.RemindersAsync();
        run.Compare();
        return report;
    }

    private static int[] Rates(BenchmarkOptions options) =>
        [
            .. (options.Text("--rates") ?? "100,400,2000,5000,10000")
                .Split(',')
                .Select(text =>
                    int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var rate)
                    && rate is > 0 and <= 100_000
                        ? rate
                        : throw new UsageException($"--rates is a list of numbers up to 100000, not {text}.")
                )
                .Order(),
        ];
}
