using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
using GroupBuyActors.Groups;
using GroupBuyActors.Reconciliation;
using GroupBuyActors.Schedules;
using GroupBuyActors.Setting;
using GroupBuyActors.Store.Tasks;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Tasks;

/// <summary>Schedules that are added, replaced and removed while a silo runs.</summary>
public sealed class ScheduleTests
{
    private const string TypeName = "report";
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TimeSpan TenMinutes = TimeSpan.FromMinutes(10);
    private readonly Reports _reports = new();

    [Fact]
    public async Task AScheduleThatIsAddedWhileTheSiloRunsFiresWithoutARestart()
    {
        await using var silo = await StartAsync();
        silo.Get<ScheduleRegistry>().Put(EveryTenMinutes("totals"));
        Assert.Equal(At(10), (await PendingAsync(silo, "totals")).Key.Due);
        for (var run = 1; run <= 3; run++)
        {
            silo.Time.Advance(TenMinutes);
            await _reports.CountAsync(run);
            Assert.Equal(At(10 * (run + 1)), (await PendingAsync(silo, "totals")).Key.Due);
        }

        Assert.Equal([At(10), At(20), At(30)], _reports.Of("totals").Select(report => report.Firing));
        Assert.Contains(
            silo.Get<ScheduleQueries>().List(1),
            schedule => schedule is { Job: "totals", Expression: "PT10M" }
        );
    }

    [Fact]
    public async Task ACronScheduleThatIsAddedFiresInEachOfItsShards()
    {
        await using var silo = await StartAsync();
        var slots = 128;
        silo.Get<ScheduleRegistry>()
            .Put(
                EveryTenMinutes("totals") with
                {
                    Timing = new ScheduleTiming.Cron("30 3 * * *", "Asia/Shanghai"),
                    Scope = ScheduleScope.FirstRegionSlot,
                }
            );
        var firing = await PendingAsync(silo, "totals", slots);
        Assert.Equal(At(30), firing.Key.Due);
        silo.Time.Advance(TimeSpan.FromMinutes(30));
        await _reports.CountAsync(slots);
        Assert.All(_reports.Of("totals"), report => Assert.Equal(At(30), report.Firing));
    }

    [Fact]
    public async Task OfAScheduleThatIsRemovedNothingContinues()
    {
        await using var silo = await StartAsync();
        silo.Get<ScheduleRegistry>().Put(EveryTenMinutes("totals"));
        silo.Get<ScheduleRegistry>().Put(EveryTenMinutes("others"));
        await PendingAsync(silo, "totals");
        await PendingAsync(silo, "others");
        Assert.True(silo.Get<ScheduleRegistry>().Remove("totals"));
        silo.Time.Advance(TenMinutes);
        var end = Assert.Single(await EndsAsync(silo, "totals", 1));
        Assert.Equal((TaskOutcomeStatus.Expired, "schedule-removed"), (end.Status, end.Error));
        await _reports.CountAsync(1);
        Assert.Empty(_reports.Of("totals"));
        Assert.Equal(At(20), (await PendingAsync(silo, "others")).Key.Due);
        Assert.Empty(await RowsAsync(silo, "totals"));
        Assert.DoesNotContain(silo.Get<ScheduleQueries>().List(1), schedule => schedule.Job == "totals");
    }

    /// <summary>Both were due three times while nobody ran them.</summary>
    [Fact]
    public async Task TwoSchedulesOfOneTaskTypeHaveEachItsOwnRulesAndPayload()
    {
        await using var silo = await StartAsync();
        silo.Get<ScheduleRegistry>()
            .Put(
                EveryTenMinutes("patient", new ScheduleRules { Misfire = MisfirePolicy.All }) with
                {
                    Payload = "{\"of\":\"shops\"}"u8.ToArray(),
                }
            );
        silo.Get<ScheduleRegistry>()
            .Put(
                EveryTenMinutes("punctual", new ScheduleRules { Misfire = MisfirePolicy.Skip }) with
                {
                    Payload = "{\"of\":\"stock\"}"u8.ToArray(),
                }
            );
        await PendingAsync(silo, "patient");
        await PendingAsync(silo, "punctual");
        silo.Time.Advance(3.5 * TenMinutes);
        await _reports.CountAsync(3);
        Assert.Equal("misfire-skipped", Assert.Single(await EndsAsync(silo, "punctual", 1)).Error);
        Assert.Equal(At(40), (await PendingAsync(silo, "patient")).Key.Due);
        Assert.Equal(At(40), (await PendingAsync(silo, "punctual")).Key.Due);
        Assert.Equal([At(10), At(20), At(30)], _reports.Of("patient").Select(report => report.Firing));
        Assert.All(_reports.Of("patient"), report => Assert.Equal("shops", report.Of));
        silo.Time.Advance(TenMinutes / 2);
        await _reports.CountAsync(5);
        Assert.Equal("stock", Assert.Single(_reports.Of("punctual")).Of);
    }

    [Fact]
    public async Task AScheduleThatIsReplacedContinuesUnderTheNewRule()
    {
        await using var silo = await StartAsync();
        var off = new ScheduleTiming.Interval(TimeSpan.FromHours(1)) { From = At(25) };
        silo.Get<ScheduleRegistry>().Put(EveryTenMinutes("totals") with { Timing = off });
        Assert.Equal(At(25), (await PendingAsync(silo, "totals")).Key.Due);
        silo.Get<ScheduleRegistry>().Put(EveryTenMinutes("totals"));
        await PendingAsync(silo, "totals", rows: 2);
        for (var run = 1; run <= 3; run++)
        {
            silo.Time.Advance(TenMinutes);
            await _reports.CountAsync(run);
        }

        Assert.Equal("schedule-changed", Assert.Single(await EndsAsync(silo, "totals", 1, "schedule-changed")).Error);
        Assert.Equal([At(10), At(20), At(30)], _reports.Of("totals").Select(report => report.Firing));
        Assert.Equal(At(40), (await PendingAsync(silo, "totals")).Key.Due);
    }

    /// <summary>The firing was stored with what the former definition said.</summary>
    [Fact]
    public async Task AFiringThatIsStoredAlreadyIsRunAsTheNewDefinitionSays()
    {
        await using var silo = await StartAsync();
        silo.Get<ScheduleRegistry>().Put(EveryTenMinutes("totals") with { Payload = "{\"of\":\"shops\"}"u8.ToArray() });
        await PendingAsync(silo, "totals");
        silo.Get<ScheduleRegistry>().Put(EveryTenMinutes("totals") with { Payload = "{\"of\":\"stock\"}"u8.ToArray() });
        silo.Time.Advance(TenMinutes);
        // It goes behind the row it stands for, by a second.
        await silo.AdvanceUntilAsync(TimeSpan.FromMilliseconds(200), () => _reports.CountAsync(1));
        Assert.Equal(("stock", At(10)), (_reports.Of("totals")[0].Of, _reports.Of("totals")[0].Firing));
        Assert.Equal(At(20), (await PendingAsync(silo, "totals")).Key.Due);
        silo.Time.Advance(At(20) - silo.Time.GetUtcNow());
        await _reports.CountAsync(2);
        Assert.Equal(("stock", At(20)), (_reports.Of("totals")[1].Of, _reports.Of("totals")[1].Firing));
    }

    private async Task<TestSilo> StartAsync() =>
        await TestSilo.StartAsync(
            configure: options =>
            {
                foreach (var name in (string[])[VoucherScan.TypeName, BookComparison.TypeName])
                    options.Schedules[name] = new ScheduleChange { Expression = "0 0 1 1 *" };
            },
            services: services =>
            {
                services.AddSingleton(_reports);
                services.AddTaskType(TaskRegistration.Of<ReportHandler>(ReportHandler.TaskType));
            }
        );

    private static ScheduleDefinition EveryTenMinutes(string name, ScheduleRules? rules = null) =>
        new(
            name,
            TypeName,
            new ScheduleTiming.Interval(TenMinutes),
            TimeSpan.Zero,
            rules ?? new ScheduleRules(),
            ScheduleScope.OneShard
        );

    private static DateTimeOffset At(int minutes) => TestSilo.Evening.AddMinutes(minutes);

    /// <summary>The first of its firings that is not due yet, once there are so many.</summary>
    private static async Task<TimedTask> PendingAsync(TestSilo silo, string schedule, int rows = 1)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (true)
        {
            var pending = await RowsAsync(silo, schedule);
            if (pending.Count == rows && pending[0].NextAt > silo.Time.GetUtcNow())
                return pending[0];
            await Task.Delay(10, bound.Token);
        }
    }

    private static async Task<List<TimedTask>> RowsAsync(TestSilo silo, string schedule) =>
        [
            .. (await silo.Get<ITaskStore>().ListAsync(new TaskFilter(TypeName), null, 500, None))
                .Items.Where(task => IsOf(task.Key.Id, schedule))
                .OrderBy(task => task.Key.Due),
        ];

    /// <summary>How its firings ended that were left out, once there are so many.</summary>
    private static async Task<List<TaskOutcome>> EndsAsync(
        TestSilo silo,
        string schedule,
        int count,
        string? reason = null
    )
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (true)
        {
            var filter = new TaskOutcomeFilter { Type = TypeName, Status = TaskOutcomeStatus.Expired };
            var ends = (await silo.Get<ITaskOutcomes>().SearchAsync(filter, null, 100, None))
                .Items.Where(end => IsOf(end.TaskId, schedule) && (reason is null || end.Error == reason))
                .ToList();
            if (ends.Count >= count)
                return ends;
            await Task.Delay(10, bound.Token);
        }
    }

    private static bool IsOf(string taskId, string schedule) =>
        TaskIds.TryGetSchedule(taskId, out var name, out _) && name == schedule;

    private sealed class ReportHandler(CronScheduler firings, Reports reports) : ITaskHandler
    {
        public static TaskType<ReportTask> TaskType { get; } =
            new(new TaskPolicy { Type = TypeName, Retry = new RetryPolicy() }, ReportTaskJson.Default.ReportTask);

        public string Type => TypeName;

        public Task<HandlerResult> RunAsync(DueTask due, CancellationToken cancellation)
        {
            var asked = TaskType.Read(due.Task.Payload);
            if (firings.SkipIfOutdated(due, asked.Firing) is { } skipped)
                return Task.FromResult(skipped);
            TaskIds.TryGetSchedule(due.Task.Key.Id, out var schedule, out _);
            reports.Add(schedule, asked);
            return Task.FromResult(firings.Conclude(due, asked.Firing));
        }
    }

    /// <summary>What was run.</summary>
    private sealed class Reports
    {
        private readonly ConcurrentQueue<(string Schedule, ReportTask Report)> _all = new();

        public void Add(string schedule, ReportTask report) => _all.Enqueue((schedule, report));

        public List<ReportTask> Of(string schedule) =>
            [.. _all.Where(one => one.Schedule == schedule).Select(one => one.Report).OrderBy(one => one.Firing)];

        public Task CountAsync(int count) => TestSilo.UntilAsync(() => _all.Count >= count);
    }
}

internal sealed record ReportTask(DateTimeOffset Firing, string? Of = null);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ReportTask))]
internal sealed partial class ReportTaskJson : JsonSerializerContext;
