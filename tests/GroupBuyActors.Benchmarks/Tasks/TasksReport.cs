using System.Globalization;
using GroupBuyActors.Benchmarks.Harness;
using GroupBuyActors.Benchmarks.Joins;
using GroupBuyActors.Testing.Silos;

namespace GroupBuyActors.Benchmarks.Tasks;

/// <summary>One run of the parts: asks the processes under test, fills the report.</summary>
internal sealed class TasksReport(
    BenchmarkOptions options,
    BenchDatabase database,
    Report report,
    CancellationToken cancellation
)
{
    private const int SettleRate = 2_000,
        OthersRate = 100,
        ReminderCallers = 512,
        ReminderGrains = 5_000,
        QuartzDrained = 250,
        LatenessMaxMs = 10;
    private static readonly int[] QuartzRates = [100, 400],
        CloseRates = [1_000, 3_000, 4_500];
    private readonly Dictionary<string, double> _found = [];

    /// <summary>How long tasks of a rate are due, so that the quick run stays one.</summary>
    private TimeSpan Due => options.Window + TimeSpan.FromSeconds(1);

    /// <summary>The engine's parts, in a process that is gone afterwards.</summary>
    public async Task EngineAsync(HashSet<string> parts, int[] rates, int pending)
    {
        await using var host = await TaskHost.StartAsync(database, cancellation);
        var idle = (await AskAsync(host, "memory", default)).Figures;
        await AskAsync(host, "settle", options.Settling, SettleRate);
        if (parts.Contains("schedule"))
        {
            var rows = Add(await AskAsync(host, "schedule", options.Window));
            Measure("tasks.schedule.rate", rows[0].Rate);
            Measure("tasks.schedule.p99_ms", rows[0].Milliseconds(99));
            Measure("tasks.schedule.batched_rate", rows[1].Rate);
            report.Note(
                "tasks.schedule.rate is of one task a commit with 512 outstanding; the batched rate is of many "
                    + "tasks a commit, as one event of a group schedules them."
            );
        }
        if (parts.Contains("fire"))
            await FireAsync(host, rates);
        if (parts.Contains("closes"))
            await CloseAsync(host);
        if (parts.Contains("herd"))
        {
            var rows = Add(await AskAsync(host, "herd", Due, OthersRate));
            Measure("tasks.herd.rate", rows[0].Rate);
            Measure("tasks.herd.others_p99_ms", rows[1].Milliseconds(99));
        }
        if (parts.Contains("cancel"))
            Measure("tasks.cancel.rate", Add(await AskAsync(host, "cancel", options.Window))[0].Rate);
        var after = (await AskAsync(host, "memory", default)).Figures;
        Measure("tasks.memory_mb", after["peak_working_set_mb"]);
        report.Note(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Memory of the silo with {pending:N0} pending: {idle["heap_mb"]:N0} MB of objects and a "
                    + $"working set of {idle["working_set_mb"]:N0} MB before any load, {after["heap_mb"]:N0} and "
                    + $"{after["working_set_mb"]:N0} MB after it; at most {after["peak_working_set_mb"]:N0} MB "
                    + $"(tasks.memory_mb). Tasks in memory: {idle["near"]:N0} before, {after["near"]:N0} after."
            )
        );
        if (pending > 0)
            Limit(
                "memory bounded by the horizon: tasks in memory before the load",
                idle["near"],
                idle["near"] < Math.Max(100, pending / 1000.0),
                "none of the pending"
            );
    }

    /// <summary>Quartz, with no tasks pending in its own tables.</summary>
    public async Task QuartzAsync()
    {
        await using var host = await QuartzHost.StartAsync(database, cancellation);
        await AskAsync(host, "drain", TimeSpan.FromSeconds(1), 300);
        Measure("tasks.quartz.schedule.rate", Add(await AskAsync(host, "schedule", options.Window))[0].Rate);
        foreach (var rate in QuartzRates)
        {
            var row = Add(await AskAsync(host, "fire", Due, rate))[0];
            Measure($"tasks.quartz.fire.{rate}.p99_ms", row.Milliseconds(99));
        }
        Measure("tasks.quartz.fire.rate", Add(await AskAsync(host, "drain", Due, QuartzDrained))[0].Rate);
        report.Note(
            $"Quartz.NET {typeof(Quartz.IScheduler).Assembly.GetName().Version?.ToString(3)}, AdoJobStore, "
                + $"clustered, {QuartzHost.JobsMax} jobs at once, {QuartzHost.JobsMax} triggers acquired at once and "
                + "up to 50 ms early; nothing else pending in its tables. tasks.quartz.fire.rate is the most it "
                + "fires, however late."
        );
    }

    /// <summary>Reminders are registered only: they cannot fire below a minute.</summary>
    public async Task RemindersAsync()
    {
        var ports = LoopbackPorts.Draw(2);
        await using var host = await ComparatorHost.StartAsync(database, ports[0], ports[1], cancellation);
        await using var orleans = await OrleansConnection.OpenAsync(ports[1], ComparatorHost.ClusterId, cancellation);
        IReadOnlyList<ProcessorMeter> meters =
        [
            new("client", Environment.ProcessId),
            new("silo", host.ProcessId),
            .. database.Meters(),
        ];
        var row = await new ClosedLoop(ReminderCallers, options.WarmUp, options.Window, options.Seed).RunAsync(
            "Orleans reminders, register",
            async caller =>
            {
                var grain = orleans.Grains.GetGrain<IReminderTaskGrain>($"tasks-{caller.Random.Next(ReminderGrains)}");
                await grain.Schedule(
                    string.Create(CultureInfo.InvariantCulture, $"task-{caller.Index}-{caller.Calls}"),
                    TimeSpan.FromHours(6)
                );
                return CallOutcome.Done;
            },
            meters,
            cancellation
        );
        report.Add(row);
        Measure("tasks.reminders.schedule.rate", row.Rate);
        report.Note(
            "Orleans' reminders are registered only: no period below a minute is allowed, so they have no fire "
                + "rate to measure within a run."
        );
    }

    /// <summary>Ratios and limits of what was measured.</summary>
    public void Compare()
    {
        Ratio("Scheduling", "tasks.schedule.rate", "tasks.quartz.schedule.rate", "Quartz");
        Ratio("Scheduling", "tasks.schedule.rate", "tasks.reminders.schedule.rate", "Orleans reminders");
        Ratio(
            "Firing, the highest rate that held",
            "tasks.fire.rate",
            "tasks.quartz.fire.rate",
            "the most that Quartz fires"
        );
        Ratio("Firing all that is due at once", "tasks.herd.rate", "tasks.quartz.fire.rate", "Quartz");
        if (_found.TryGetValue("tasks.schedule.rate", out var schedule))
            Limit("tasks scheduled a second", schedule, schedule >= 20_000, "at least 20,000");
        if (_found.TryGetValue("tasks.closes.rate", out var closes))
            Limit(
                "orders closed in time a second, each a commit on its group",
                closes,
                closes >= 3_000,
                "at least 3,000"
            );
        if (_found.TryGetValue("tasks.fire.exact_rate", out var fire))
            Limit(
                $"tasks fired a second at a p99 lateness of at most {LatenessMaxMs} ms (tasks.fire.exact_rate)",
                fire,
                fire >= 5_000,
                "at least 5,000"
            );
    }

    private async Task FireAsync(BenchProcess host, int[] rates)
    {
        var (held, p99, exact) = (0, 0.0, 0);
        foreach (var rate in rates)
        {
            var answer = await AskAsync(host, "fire", Due, rate);
            var row = Add(answer)[0];
            Measure($"tasks.fire.{rate}.p50_ms", row.Milliseconds(50));
            Measure($"tasks.fire.{rate}.p99_ms", row.Milliseconds(99));
            Measure($"tasks.fire.{rate}.max_ms", row.Milliseconds(100));
            if (!answer.Held)
            {
                report.Note($"fire {rate}/s was not held: some tasks had not begun a second after the last was due.");
                continue;
            }
            (held, p99) = (rate, row.Milliseconds(99));
            if (p99 <= LatenessMaxMs)
                exact = rate;
        }
        Measure("tasks.fire.rate", held);
        Measure("tasks.fire.p99_ms", p99);
        Measure("tasks.fire.exact_rate", exact);
        report.Note(
            "The milliseconds of fire rows are lateness: from due to the handler's first line, by the machine's clock."
        );
    }

    private async Task CloseAsync(BenchProcess host)
    {
        var (held, p99) = (0, 0.0);
        foreach (var rate in CloseRates)
        {
            var answer = await AskAsync(host, "closes", Due, rate);
            var rows = Add(answer);
            Measure($"tasks.closes.{rate}.begun_p99_ms", rows[0].Milliseconds(99));
            Measure($"tasks.closes.{rate}.committed_p99_ms", rows[1].Milliseconds(99));
            if (answer.Held)
                (held, p99) = (rate, rows[0].Milliseconds(99));
            else
                report.Note(
                    $"close orders {rate}/s was not held: some orders were not closed a second after the last was due."
                );
        }

        Measure("tasks.closes.rate", held);
        Measure("tasks.closes.p99_ms", p99);
        report.Note(
            "Closes are tasks whose handler commits on a group: orders placed at that rate and left unpaid; "
                + "the provider answers at once. Begun is lateness as of fire rows; committed is until the group's "
                + "commit is durable."
        );
    }

    private async Task<TaskAnswer> AskAsync(BenchProcess host, string part, TimeSpan window, int rate = 0)
    {
        var answer = await host.AskAsync<TaskQuestion, TaskAnswer>(
            new TaskQuestion(part, options.WarmUp, window, rate),
            cancellation
        );
        foreach (var note in answer.Notes)
            report.Note(note);
        return answer;
    }

    private List<Measurement> Add(TaskAnswer answer)
    {
        var rows = answer.Rows.ConvertAll(row => row.Measurement());
        foreach (var row in rows)
            report.Add(row);
        return rows;
    }

    private void Measure(string name, double value) => report.Measure(name, _found[name] = value);

    private void Ratio(string what, string ours, string theirs, string them)
    {
        if (_found.TryGetValue(ours, out var mine) && _found.TryGetValue(theirs, out var other) && other > 0)
            report.Note(string.Create(CultureInfo.InvariantCulture, $"{what}: {mine / other:0.0} times {them}."));
    }

    private void Limit(string what, double value, bool met, string limit) =>
        report.Note(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Target, {what}: {value:N0}; {limit}: {(met ? "met" : "not met")}."
            )
        );
}
