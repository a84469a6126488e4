using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Ports;
using GroupBuyActors.Schedules;
using GroupBuyActors.Setting;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Store.Retention;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Retention;

/// <summary>What is over leaves, at its time, and is felt by nobody.</summary>
public sealed class RetentionTests
{
    private const string Id = "10042.SH-PUDONG.tea-1123";

    [Fact]
    public async Task RunsOfTasksLeaveAfterTheirTimeAndNotBefore()
    {
        await using var silo = await TestSilo.StartAsync(configure: Rarely("voucher-scan", "reconciliation"));
        var group = await silo.PublishAsync(Id, minGroupSize: 2);
        foreach (var user in (string[])["user-1", "user-2"])
            await group.Join(new JoinGroup(user));
        await silo.Ports.CalledAsync("notice:", 2);
        silo.Time.Advance(TimeSpan.FromDays(7));
        var early = await silo.Get<RetentionService>().RemoveAllAsync(default);
        Assert.Equal(0, early["task-runs"]);

        silo.Time.Advance(TimeSpan.FromDays(2));
        var late = await silo.Get<RetentionService>().RemoveAllAsync(default);
        Assert.True(late["task-runs"] >= 2, $"{late["task-runs"]} runs");
        Assert.Null((await (await silo.PublishAsync("10042.SH-PUDONG.later")).Join(new JoinGroup("user-1"))).Refusal);
    }

    [Fact]
    public async Task TheEventsOfAGroupThatIsOverLeaveAndItStillAnswersAndTakesMoney()
    {
        var first = await TestSilo.StartAsync(configure: Rarely("voucher-scan", "reconciliation"));
        var (before, order) = await RefundedAsync(first);
        var live = await first.PublishAsync(
            "10042.SH-PUDONG.live",
            minGroupSize: 1,
            with: termsRequest => termsRequest with { VoucherValidity = TimeSpan.FromDays(300) }
        );
        await live.Pay(new PayOrder(1, "pay-1", (await live.Join(new JoinGroup("user-1"))).Value!.Total));
        await TestSilo.UntilAsync(live, view => view.State == GroupPhase.Fulfilled);
        await first.RelayedAsync();
        first.Time.Advance(TimeSpan.FromDays(89));
        Assert.Equal(0, (await first.Get<RetentionService>().RemoveAllAsync(default))["journals"]);
        Assert.Equal(before.Sequence, (await first.HistoryAsync(Id)).Count);

        first.Time.Advance(TimeSpan.FromDays(2));
        await first.RelayedAsync();
        var (liveEvents, removed) = (
            (await first.HistoryAsync("10042.SH-PUDONG.live")).Count,
            (await first.Get<RetentionService>().RemoveAllAsync(default))["journals"]
        );
        // All but the last event, and all but the last of the statuses placed, paid, refunding, refunded.
        Assert.Equal(before.Sequence - 1 + 3, removed);
        Assert.Single(await first.HistoryAsync(Id));
        Assert.Equal(liveEvents, (await first.HistoryAsync("10042.SH-PUDONG.live")).Count);
        Assert.Equal(0, (await first.Get<RetentionService>().RemoveAllAsync(default))["journals"]);
        await first.StopAsync();

        await using var second = await TestSilo.StartAsync(
            first.File,
            first.Time,
            configure: Rarely("voucher-scan", "reconciliation")
        );
        Assert.Equal(before, (await second.Group(Id).Get()).Value!);
        Assert.Equal(order, (await second.Group(Id).GetOrder(1)).Value!);
        Assert.Equal(
            ReplyOutcome.Accepted,
            (await second.Group(Id).Pay(new PayOrder(1, "pay-late", order.Total))).Outcome
        );
        await second.Ports.CalledAsync($"refund:{Id}.1:pay-late");
    }

    [Fact]
    public async Task AGroupLeavesWholeAfterItsTimeAndItsMerchantsBooksStayAsTheyWere()
    {
        await using var silo = await TestSilo.StartAsync(configure: Rarely("voucher-scan", "reconciliation"));
        await RefundedAsync(silo);
        // The books are a projection: the stock that was given back last must be in them.
        await silo.RelayedAsync();
        var settings = silo.Get<IOptions<GrainsOptions>>().Value.Retention;
        var retention = silo.Get<RetentionService>();
        var books = await silo.Get<IGroupQueries>().BooksAsync(10042, silo.Time.GetUtcNow(), default);
        Assert.Equal(1_500, Assert.Single(books.Currencies).Refunded);
        silo.Time.Advance(TimeSpan.FromDays(100));
        await silo.PublishAsync("20042.SH-PUDONG.later");
        await silo.RelayedAsync();
        settings.Groups = TimeSpan.FromDays(101);
        var first = await retention.RemoveAllAsync(default);
        Assert.True(first["journals"] > 0);
        Assert.Equal(0, first["groups"]);
        Assert.NotNull((await silo.Group(Id).Get()).Value);

        settings.Groups = TimeSpan.FromDays(99);
        Assert.Equal(1, (await retention.RemoveAllAsync(default))["groups"]);
        Assert.Equal(RefusalCode.GroupNotFound, (await silo.Group(Id).Get()).Refusal!.Code);
        Assert.Empty(await silo.HistoryAsync(Id));
        Assert.Empty((await silo.Get<IGroupQueries>().UserOrdersAsync("user-1", null, 10, default)).Items);
        Assert.DoesNotContain(
            (await silo.Get<IGroupQueries>().GroupsAsync(new GroupFilter(10042), null, 10, default)).Items,
            view => view.GroupId.Value == Id
        );
        var after = await silo.Get<IGroupQueries>().BooksAsync(10042, silo.Time.GetUtcNow(), default);
        Assert.Equal(books.Currencies, after.Currencies);
        Assert.Equal(books with { Currencies = [] }, after with { Currencies = [] });
        Assert.NotNull((await silo.Group("20042.SH-PUDONG.later").Get()).Value);
        Assert.Equal(0, (await retention.RemoveAllAsync(default))["groups"]);
    }

    [Fact]
    public async Task AGroupWithADeadLetterKeepsItsEventsUntilSomebodyDecides()
    {
        await using var silo = await TestSilo.StartAsync(configure: Rarely("voucher-scan", "reconciliation"));
        silo.Ports.Answer("notice:", PortAnswer.Refused);
        var group = await silo.PublishAsync(
            Id,
            minGroupSize: 1,
            with: termsRequest => termsRequest with { Timeout = TimeSpan.FromMinutes(10) }
        );
        await group.Join(new JoinGroup("user-1"));
        await silo.Ports.CalledAsync("notice:", 1);
        // Closed unpaid, so nobody paid by the end; then the provider is asked a last time.
        silo.Time.Advance(TimeSpan.FromMinutes(31));
        await TestSilo.UntilAsync(group, view => view.State == GroupPhase.Expired);
        await silo.ProjectedAsync(Id, GroupPhase.Expired);
        silo.Time.Advance(TimeSpan.FromMinutes(11));
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while ((await silo.Get<ITaskStore>().FindAllOfActorAsync(GroupId.Parse(Id).Actor, 10, bound.Token)).Count > 0)
            await Task.Delay(20, bound.Token);
        var over = (await group.Get()).Value!;
        var letters = (
            await silo.Get<ITaskOutcomes>()
                .SearchAsync(new TaskOutcomeFilter { Status = TaskOutcomeStatus.Dead }, null, 10, bound.Token)
        ).Items;
        Assert.NotEmpty(letters);
        silo.Time.Advance(TimeSpan.FromDays(8));
        await silo.PublishAsync("10042.SH-PUDONG.later");
        await silo.RelayedAsync();
        var retention = silo.Get<RetentionService>();
        silo.Get<IOptions<GrainsOptions>>().Value.Retention.Journals = TimeSpan.FromDays(7);
        Assert.Equal(0, (await retention.RemoveAllAsync(default))["journals"]);
        foreach (var letter in letters)
            Assert.Equal(TaskChangeOutcome.Done, await silo.Get<TaskOperations>().DismissAsync(letter.TaskId, default));
        var removed = (await retention.RemoveAllAsync(default))["journals"];
        Assert.True(
            removed >= over.Sequence - 1,
            $"{removed} of {over.Sequence}: {string.Join(", ", await silo.HistoryAsync(Id))}"
        );
    }

    /// <summary>
    /// Daily work of all shards, which a jump of many days would bring, is not what these tests wait for.
    /// </summary>
    private static Action<GrainsOptions> Rarely(params string[] jobs) =>
        options =>
        {
            foreach (var job in jobs)
                options.Schedules[job] = new ScheduleChange { Expression = "0 0 1 1 *" };
        };

    /// <summary>A group that timed out, its order refunded and its stock given back; as it is then.</summary>
    private static async Task<(GroupView Group, OrderView Order)> RefundedAsync(TestSilo silo)
    {
        var group = await silo.PublishAsync(
            Id,
            with: termsRequest => termsRequest with { Timeout = TimeSpan.FromMinutes(10) }
        );
        await group.Pay(new PayOrder(1, "pay-1", (await group.Join(new JoinGroup("user-1"))).Value!.Total));
        silo.Time.Advance(TimeSpan.FromMinutes(10));
        await TestSilo.UntilAsync(group, 1, order => order.Status == OrderStatus.Refunded);
        silo.Time.Advance(TimeSpan.FromSeconds(5));
        await silo.Ports.CalledAsync("release:");
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (!(await silo.HistoryAsync(Id)).Contains("stock.released"))
            await Task.Delay(20, bound.Token);
        await silo.ProjectedAsync(Id, GroupPhase.Expired);
        return ((await group.Get()).Value!, (await group.GetOrder(1)).Value!);
    }

    [Fact]
    public async Task AKindThatFailsIsTriedAgainAndHoldsUpNoOther()
    {
        await using var silo = await TestSilo.StartAsync();
        var time = new FakeTimeProvider(TestSilo.Evening);
        var (failing, steady) = (
            new ScriptedKind("failing", failures: 3, backlog: 1_000),
            new ScriptedKind("steady", failures: 0, backlog: 5_000)
        );
        var service = new RetentionService(
            new RetainedKinds([failing, steady]),
            silo.Get<ShardMap>(),
            time,
            new RetentionMetrics(new NoMeters()),
            NullLogger<RetentionService>.Instance
        );
        using var stop = new CancellationTokenSource();
        var running = service.RunAsync(Loops.NewContext(time), stop.Token);
        await TestSilo.AdvanceUntilAsync(time, TimeSpan.FromSeconds(1), steady.Empty);
        Assert.InRange(failing.Failed, 1, 3);
        await TestSilo.AdvanceUntilAsync(time, TimeSpan.FromSeconds(1), failing.Empty);
        Assert.Equal((3, 1_000, 5_000), (failing.Failed, failing.Removed, steady.Removed));
        Assert.All([failing, steady], kind => Assert.InRange(kind.LargestStep, 1, PurgePace.RowsMax));
        await stop.CancelAsync();
        await running.ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext
        );
    }

    /// <summary>A kind with so many rows to remove, that fails so many times first.</summary>
    private sealed class ScriptedKind(string kind, int failures, int backlog) : IRetainedKind
    {
        private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Kind => kind;

        public Task Empty => _empty.Task;

        public int Failed { get; private set; }

        public int Removed { get; private set; }

        public int LargestStep { get; private set; }

        public Task<PurgeStep> StepAsync(int rowsMax, CancellationToken cancellation)
        {
            if (Failed < failures)
            {
                Failed++;
                throw new InvalidOperationException("As scripted.");
            }

            var rows = Math.Min(rowsMax, backlog - Removed);
            (Removed, LargestStep) = (Removed + rows, Math.Max(LargestStep, rows));
            if (Removed == backlog)
                _empty.TrySetResult();
            return Task.FromResult(new PurgeStep(rows, rows < rowsMax));
        }
    }
}
