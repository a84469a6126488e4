using GroupBuyActors.Groups;
using GroupBuyActors.Ports;
using GroupBuyActors.Setting;
using GroupBuyActors.Store.Tasks;

namespace GroupBuyActors.Tasks;

/// <summary>What hurts users of other schedulers, each as a claim that it does not happen here.</summary>
public sealed class TaskFailureTests
{
    private const string Id = "10042.SH-PUDONG.tea-1123";
    private static readonly CancellationToken None = CancellationToken.None;

    /// <summary>Elsewhere a one-off timer that is seconds late waits a whole period, or for ever.</summary>
    [Fact]
    public async Task ATaskSecondsLateStillFiresOnce()
    {
        var first = await TestSilo.StartAsync();
        var group = await first.PublishAsync(
            Id,
            with: termsRequest => termsRequest with { Timeout = TimeSpan.FromHours(1) }
        );
        first.Time.Advance(TimeSpan.FromHours(1) - TimeSpan.FromSeconds(1));
        Assert.Equal(GroupPhase.OnShelf, (await group.Get()).Value!.State);
        await first.StopAsync();
        first.Time.Advance(TimeSpan.FromSeconds(6));
        await using var second = await TestSilo.StartAsync(first.File, first.Time);
        await TestSilo.UntilAsync(second.Group(Id), view => view.State == GroupPhase.Expired);
        Assert.Single(await second.HistoryAsync(Id), type => type == "group.expired");
    }

    /// <summary>Elsewhere a stalled database makes a scheduler drop what was due, or run it twice.</summary>
    [Fact]
    public async Task AStalledDatabaseNeitherDropsNorDoublesATask()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(
            Id,
            minGroupSize: 3,
            with: termsRequest => termsRequest with { PaymentWindow = TimeSpan.FromMinutes(1) }
        );
        for (var n = 1; n <= 3; n++)
            await group.Join(new JoinGroup($"user-{n}"));
        silo.Committer.Hold();
        silo.Time.Advance(TimeSpan.FromMinutes(1));
        await silo.Committer.WaitingAsync(1);
        silo.Time.Advance(TimeSpan.FromMinutes(5));
        silo.Committer.Release();
        await TestSilo.UntilAsync(silo.Group(Id), 3, order => order.Status == OrderStatus.Closed);
        await TestSilo.UntilAsync(silo.Group(Id), 1, order => order.Status == OrderStatus.Closed);
        Assert.Equal(3, (await silo.HistoryAsync(Id)).Count(type => type == "order.closed"));
    }

    /// <summary>
    /// Elsewhere a scheduler goes on calling services while its store is away, and cannot keep what they answer.
    /// </summary>
    [Fact]
    public async Task ATaskThatIsDueWhileTheStoreAcceptsNothingAsksNoPortAndRunsOnceItDoes()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(
            Id,
            minGroupSize: 3,
            with: termsRequest => termsRequest with { PaymentWindow = TimeSpan.FromMinutes(1) }
        );
        await group.Join(new JoinGroup("user-1"));
        silo.Committer.IsFull = true;
        silo.Time.Advance(TimeSpan.FromMinutes(1));
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (HeldTask() is not { Holds: > 2 })
        {
            silo.Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(5, bound.Token);
        }

        Assert.True(HeldTask()!.IsOverdue);
        Assert.DoesNotContain(silo.Ports.Calls.Keys, key => key.StartsWith("ask:", StringComparison.Ordinal));
        silo.Committer.IsFull = false;
        await silo.AdvanceUntilAsync(TimeSpan.FromMilliseconds(100), () => silo.Ports.CalledAsync("ask:"));
        await TestSilo.UntilAsync(silo.Group(Id), 1, order => order.Status == OrderStatus.Closed);
        Assert.Single(await silo.HistoryAsync(Id), type => type == "order.closed");

        ScheduledTask? HeldTask() =>
            Enumerable
                .Range(1, 10)
                .Select(sequence => TaskIds.Of(GroupId.Parse(Id).Actor, sequence, "order-close"))
                .Select(id => silo.Get<LocalTaskScheduler>().Find(id).Task)
                .FirstOrDefault(task => task is not null);
    }

    /// <summary>Elsewhere a restart runs all that is overdue at once, and what is due now waits behind it.</summary>
    [Fact]
    public async Task ARestartRampsUpWhatIsOverdueAndKeepsWhatIsDueNowOnTime()
    {
        var ports = new ScriptedPorts();
        var first = await TestSilo.StartAsync(ports: ports);
        var group = await first.PublishAsync(Id, minGroupSize: 40);
        for (var n = 1; n <= 30; n++)
            await group.Join(new JoinGroup($"user-{n}"));
        for (var n = 1; n <= 30; n++)
            await group.CancelOrder(n);
        await first.StopAsync();
        first.Time.Advance(TimeSpan.FromHours(1));

        var busy = new ScriptedPorts();
        var held = busy.Hold("ask:");
        await using var second = await TestSilo.StartAsync(first.File, first.Time, busy);
        await busy.CalledAsync("ask:");
        // The lane of what is overdue is full of calls that do not end; a new group's deduction passes it.
        var fresh = await second.PublishAsync("10043.SH-PUDONG.fresh", minGroupSize: 1);
        await fresh.Join(new JoinGroup("user-1"));
        await busy.CalledAsync("deduct:10043.SH-PUDONG.fresh");
        var asked = busy.Calls.Count(call => call.Key.StartsWith("ask:", StringComparison.Ordinal));
        Assert.InRange(asked, 1, 16);
        held.SetResult(PortAnswer.Done);
        await busy.CalledAsync("ask:", 30);
        Assert.All(
            busy.Calls.Where(call => call.Key.StartsWith("ask:", StringComparison.Ordinal)),
            call => Assert.Equal(1, call.Value)
        );
    }

    /// <summary>Elsewhere long delays live in memory, and a release loses them.</summary>
    [Fact]
    public async Task ALongDelayCostsNoMemoryAndSurvivesRestarts()
    {
        var first = await TestSilo.StartAsync();
        await first.PublishAsync(Id, with: termsRequest => termsRequest with { Timeout = TimeSpan.FromDays(20) });
        Assert.Equal(
            TaskLocation.Table,
            first.Get<LocalTaskScheduler>().Find((await DeadlineAsync(first)).Key.Id).Where
        );
        await first.StopAsync();
        first.Time.Advance(TimeSpan.FromDays(10));
        var second = await TestSilo.StartAsync(first.File, first.Time);
        Assert.Equal(
            TaskLocation.Table,
            second.Get<LocalTaskScheduler>().Find((await DeadlineAsync(second)).Key.Id).Where
        );
        await second.StopAsync();
        second.Time.Advance(TimeSpan.FromDays(10));
        await using var third = await TestSilo.StartAsync(first.File, first.Time);
        await TestSilo.UntilAsync(third.Group(Id), view => view.State == GroupPhase.Expired);
    }

    /// <summary>Elsewhere a daily job that was missed moves silently to the next day.</summary>
    [Fact]
    public async Task AMissedDailyFiringIsMadeUpForAndTheOthersAreToldOf()
    {
        var first = await TestSilo.StartAsync();
        var shard = GroupId.Parse(Id).Shard;
        var due = await ScanAsync(first, shard);
        await first.StopAsync();
        first.Time.Advance(TimeSpan.FromDays(3));
        await using var second = await TestSilo.StartAsync(first.File, first.Time);
        // All 2,048 shards have missed theirs, and make up for it one after the other.
        using var bound = new CancellationTokenSource(4 * TestSilo.Bound);
        IReadOnlyList<TaskOutcome> ends = [];
        while (ends.Count < 3)
        {
            ends = (
                await second
                    .Get<ITaskOutcomes>()
                    .SearchAsync(new TaskOutcomeFilter { Type = VoucherScan.TypeName, Shard = shard }, null, 10, None)
            ).Items;
            await Task.Delay(10, bound.Token);
        }

        Assert.Equal([due, due.AddDays(1), due.AddDays(2)], ends.Select(ending => ending.Due).Order());
        Assert.Equal(TaskOutcomeStatus.Success, ends.MinBy(ending => ending.Due)!.Status);
        Assert.Equal(2, ends.Count(ending => ending is { Status: TaskOutcomeStatus.Expired, Error: "misfire-merged" }));
        Assert.Equal(due.AddDays(3), await ScanAsync(second, shard));
    }

    private static async Task<TimedTask> DeadlineAsync(TestSilo silo) =>
        Assert.Single(
            (await silo.Get<ITaskStore>().ListAsync(new TaskFilter(GroupDeadline.TypeName), null, 10, None)).Items
        );

    private static async Task<DateTimeOffset> ScanAsync(TestSilo silo, ShardId shard)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (true)
        {
            var rows = (
                await silo.Get<ITaskStore>().ListAsync(new TaskFilter(VoucherScan.TypeName, shard), null, 10, None)
            ).Items;
            if (rows.Count > 0)
                return rows[0].Key.Due;
            await Task.Delay(10, bound.Token);
        }
    }
}
