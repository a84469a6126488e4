using GroupBuyActors.Committing;
using GroupBuyActors.Ports;
using GroupBuyActors.Setting;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Groups;

/// <summary>Refunds as a machine: one number for ever, asked about before they are repeated, each for itself.</summary>
public sealed class RefundTests
{
    private const string Id = "10042.SH-PUDONG.tea-1123";
    private const string Refund = $"refund:{Id}.1:pay-1";
    private const string Ask = $"ask:{Id}.1";

    [Fact]
    public async Task ARefundIsAskedAboutBeforeItIsRepeated()
    {
        await using var silo = await TestSilo.StartAsync();
        var asked = new List<int>();
        silo.Ports.Answer(
            "refund:",
            (_, _) =>
            {
                asked.Add(silo.Ports.Calls.GetValueOrDefault(Ask));
                return Task.FromResult(asked.Count < 3 ? PortAnswer.Unavailable : PortAnswer.Done);
            }
        );
        var group = await PaidAndRefundRequestedAsync(silo);
        await RefundedAsync(silo, group);
        Assert.Equal([0, 1, 2], asked);
        Assert.Equal([Refund], silo.Ports.Calls.Keys.Where(key => key.StartsWith("refund:", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task ARefundWhoseAnswerWasLostIsNotMadeAgain()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Ports.Answer(
            "refund:",
            (_, _) =>
            {
                silo.Ports.Refund(OrderId.Parse($"{Id}.1"), "pay-1");
                return Task.FromResult(PortAnswer.Unavailable);
            }
        );
        var group = await PaidAndRefundRequestedAsync(silo);
        await RefundedAsync(silo, group);
        Assert.Equal(1, silo.Ports.Calls[Refund]);
    }

    [Fact]
    public async Task ARefundIsNotRepeatedWhileTheProviderDoesNotSayWhetherItWasMade()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Ports.AnswerInTurn("refund:", PortAnswer.Unavailable);
        silo.Ports.AnswerInTurn("ask:", PortAnswer.Unavailable, PortAnswer.Refused);
        var group = await PaidAndRefundRequestedAsync(silo);
        await silo.AdvanceUntilAsync(TimeSpan.FromMilliseconds(120), () => silo.Ports.CalledAsync(Ask, 2));
        Assert.Equal(1, silo.Ports.Calls[Refund]);
        await RefundedAsync(silo, group);
        Assert.Equal((2, 3), (silo.Ports.Calls[Refund], silo.Ports.Calls[Ask]));
    }

    [Fact]
    public async Task ARefundThatASiloDiedInIsAskedAboutByTheNextOne()
    {
        var first = await TestSilo.StartAsync();
        var made = first.Ports.Hold("refund:");
        await PaidAndRefundRequestedAsync(first);
        await first.Ports.CalledAsync(Refund);
        first.Ports.Refund(OrderId.Parse($"{Id}.1"), "pay-1");
        await first.KillAsync();
        made.SetCanceled();

        // No time has passed: to the next silo the task is not even late.
        await using var second = await TestSilo.StartAsync(first.File, first.Time, first.Ports);
        await RefundedAsync(second, second.Group(Id));
        Assert.Equal((1, 1), (second.Ports.Calls[Refund], second.Ports.Calls[Ask]));
    }

    [Fact]
    public async Task ARefundThatTheStoreCouldNotNoteIsAskedAboutBeforeItIsRepeated()
    {
        await using var silo = await TestSilo.StartAsync();
        var refused = 0;
        silo.Committer.Instead = commit =>
            commit.Events.Any(e => e.Type == "order.refunded") && Interlocked.Increment(ref refused) == 1
                ? CommitStatus.Unavailable
                : null;
        var group = await PaidAndRefundRequestedAsync(silo);
        await RefundedAsync(silo, group);
        Assert.True(refused > 1);
        Assert.Equal((1, 1), (silo.Ports.Calls[Refund], silo.Ports.Calls[Ask]));
    }

    /// <summary>
    /// The first hand-over was taken and its answer lost, or the second was long on its way: the refund may be made.
    /// </summary>
    [Fact]
    public async Task ARefundHandedOverAgainAfterItWasMadeIsAskedAboutAndNotRepeated()
    {
        await using var silo = await TestSilo.StartAsync();
        var made = silo.Ports.Hold("refund:");
        var group = await PaidAndRefundRequestedAsync(silo);
        await silo.Ports.CalledAsync(Refund);
        var task = (
            await silo.Get<ITaskStore>()
                .ListAsync(new TaskFilter(Type: Groups.Refund.TypeName), null, 10, CancellationToken.None)
        ).Items.Single();
        Assert.Equal(1, task.Version);
        made.SetResult(PortAnswer.Done);
        await RefundedAsync(silo, group);
        Assert.Equal(0, silo.Ports.Calls.GetValueOrDefault(Ask));

        // The group knows before the run has ended; what is handed over until then is the same run and no second one.
        await TestSilo.GoneAsync(silo, task.Key.Id);
        var gateway = silo.Get<TaskGateways>().Of(silo.Get<ILocalSiloDetails>().SiloAddress);
        Assert.Empty(await gateway.Accept([ForwardedTask.Of(task)], []));
        await silo.Ports.CalledAsync(Ask);
        await TestSilo.GoneAsync(silo, task.Key.Id);
        Assert.Equal((1, 1), (silo.Ports.Calls[Refund], silo.Ports.Calls[Ask]));
    }

    [Fact]
    public async Task ARefundThatAnOperatorCouldNotMoveIsStillAskedAboutBeforeItIsRepeated()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Committer.Instead = _ => null;
        var group = await PaidAsync(silo, 1);
        silo.Committer.Instead = commit =>
            commit.Events.Any(e => e.Type == "order.refunded") || commit.Run is not null
                ? CommitStatus.Unavailable
                : null;
        Assert.Null((await group.RequestRefund(new RequestRefund(1))).Refusal);
        await silo.Ports.CalledAsync(Refund);
        var scheduler = silo.Get<LocalTaskScheduler>();
        var id = (
            await silo.Get<ITaskStore>()
                .ListAsync(new TaskFilter(Type: Groups.Refund.TypeName), null, 10, CancellationToken.None)
        )
            .Items.Single()
            .Key.Id;
        await TestSilo.UntilAsync(() => scheduler.Find(id) is (TaskLocation.Wheel, { InfrastructureFailures: > 0 }));
        await Assert.ThrowsAsync<StoreUnavailableException>(() =>
            silo.Get<TaskOperations>().RunNowAsync(id, CancellationToken.None)
        );
        silo.Committer.Instead = null;
        await RefundedAsync(silo, silo.Group(Id));
        Assert.Equal(1, silo.Ports.Calls[Refund]);
        Assert.True(silo.Ports.Calls[Ask] >= 1);
    }

    [Fact]
    public async Task OneBadRefundDelaysNoOther()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Ports.Answer(Refund, PortAnswer.Refused);
        silo.Ports.Hold($"refund:{Id}.2:");
        var group = await PaidAsync(silo, 4);
        Assert.Null((await group.Withdraw()).Refusal);
        // The clock stands: whoever waited for another's next try would wait for ever.
        foreach (var order in (int[])[3, 4])
            await TestSilo.UntilAsync(group, order, view => view.Status == OrderStatus.Refunded);
        Assert.Equal(OrderStatus.Refunding, (await group.GetOrder(1)).Value!.Status);
        Assert.Equal(OrderStatus.Refunding, (await group.GetOrder(2)).Value!.Status);
    }

    /// <summary>
    /// Time goes step by step: a wait beyond the horizon moves the task's row each time, and an age measured from there
    /// never came to three days, where one leap of the clock did.
    /// </summary>
    [Fact]
    public async Task ARefundIsAlertedAboutAndGivenUpAfterThreeDaysAndKeepsItsNumber()
    {
        var log = new KeptLog();
        await using var silo = await TestSilo.StartAsync(services: services =>
            services.AddSingleton<ILoggerProvider>(log)
        );
        // Waits of an hour and more, so that three days are a score of tries and not four hundred.
        var change = new TaskPolicyChange { BaseDelay = TimeSpan.FromHours(1), DelayMax = TimeSpan.FromHours(6) };
        Assert.NotNull(
            (
                await silo.Get<TaskPolicyRegistry>()
                    .ChangeAsync(Groups.Refund.TypeName, change, null, "test", CancellationToken.None)
            ).Report
        );
        silo.Ports.Answer("refund:", PortAnswer.Unavailable);
        silo.Ports.Answer("ask:", PortAnswer.Unavailable);
        var group = await PaidAndRefundRequestedAsync(silo);
        var asked = silo.Time.GetUtcNow();
        await silo.Ports.CalledAsync(Refund);
        var dead = await UntilDeadAsync(silo, step: TimeSpan.FromHours(1), bound: TimeSpan.FromDays(5));
        var age = silo.Time.GetUtcNow() - asked;
        Assert.InRange(age, TimeSpan.FromDays(3), TimeSpan.FromDays(3) + TimeSpan.FromHours(8));
        Assert.Single(log.Of(3001));
        Assert.Equal(OrderStatus.Refunding, (await group.GetOrder(1)).Value!.Status);
        silo.Ports.Answer("refund:", PortAnswer.Done);
        silo.Ports.Answer("ask:", PortAnswer.Done);
        Assert.Equal(
            TaskChangeOutcome.Done,
            await silo.Get<TaskOperations>().RedriveAsync(dead, CancellationToken.None)
        );
        await silo.AdvanceUntilAsync(
            TimeSpan.FromSeconds(30),
            () => TestSilo.UntilAsync(group, 1, order => order.Status == OrderStatus.Refunded)
        );
        Assert.Equal([Refund], silo.Ports.Calls.Keys.Where(key => key.StartsWith("refund:", StringComparison.Ordinal)));
    }

    /// <summary>A hand that runs it now again and again must not keep it young.</summary>
    [Fact]
    public async Task RunNowKeepsARefundsAge()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Ports.Answer("refund:", PortAnswer.Unavailable);
        silo.Ports.Answer("ask:", PortAnswer.Unavailable);
        await PaidAndRefundRequestedAsync(silo);
        await silo.Ports.CalledAsync(Refund);
        var store = silo.Get<ITaskStore>();
        var first = await RowAsync(silo, row => row.Attempts == 1);
        silo.Time.Advance(TimeSpan.FromHours(1));
        var tried = await RowAsync(silo, row => row.Attempts == 2);
        Assert.Equal(
            TaskChangeOutcome.Done,
            await silo.Get<TaskOperations>()
                .RescheduleAsync(first.Key.Id, silo.Time.GetUtcNow().AddHours(5), CancellationToken.None)
        );
        var moved = (await store.FindAsync(first.Key.Id, CancellationToken.None))!;
        Assert.Equal((first.Key.Due, tried.Version + 1), (moved.FirstDue, moved.Version));
        Assert.Equal(TimeSpan.FromHours(6), moved.AgeAt(first.Key.Due.AddHours(6)));
    }

    /// <summary>
    /// The same for a time to live: retries that wait for minutes must not keep a stale notice alive.
    /// </summary>
    [Fact]
    public async Task ANoticesTimeToLiveCountsFromItsFirstDueTime()
    {
        await using var silo = await TestSilo.StartAsync();
        var change = new TaskPolicyChange
        {
            BaseDelay = TimeSpan.FromMinutes(5),
            DelayMax = TimeSpan.FromMinutes(10),
            RetryCountMax = 1_000,
            TimeToLive = TimeSpan.FromHours(1),
        };
        Assert.NotNull(
            (
                await silo.Get<TaskPolicyRegistry>()
                    .ChangeAsync(Notify.TypeName, change, null, "test", CancellationToken.None)
            ).Report
        );
        silo.Ports.Answer("notice:", PortAnswer.Unavailable);
        var group = await silo.PublishAsync(Id, minGroupSize: 1);
        var began = silo.Time.GetUtcNow();
        await group.Join(new JoinGroup("user-1"));
        await silo.Ports.CalledAsync("notice:");
        TaskOutcome? ending = null;
        while (ending is null)
        {
            Assert.True(silo.Time.GetUtcNow() - began < TimeSpan.FromHours(3), "It lives for ever.");
            silo.Time.Advance(TimeSpan.FromMinutes(1));
            await Task.Delay(20, TestContext.Current.CancellationToken);
            var outcomes = await silo.Get<ITaskOutcomes>()
                .SearchAsync(new TaskOutcomeFilter { Type = Notify.TypeName }, null, 10, CancellationToken.None);
            if (outcomes.Items.Count > 0)
                ending = outcomes.Items[0];
        }

        Assert.Equal(TaskOutcomeStatus.Expired, ending.Status);
        Assert.InRange(ending.EndedAt - began, TimeSpan.FromHours(1), TimeSpan.FromMinutes(75));
    }

    private static async Task<TimedTask> RowAsync(TestSilo silo, Func<TimedTask, bool> expected)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (true)
        {
            var rows = (
                await silo.Get<ITaskStore>().ListAsync(new TaskFilter(Groups.Refund.TypeName), null, 10, bound.Token)
            ).Items;
            if (rows.FirstOrDefault(expected) is { } row)
                return row;
            await Task.Delay(10, bound.Token);
        }
    }

    /// <summary>
    /// Lets time go in steps, each until the refund that came due in it has been tried or does not move.
    /// </summary>
    private static async Task<string> UntilDeadAsync(TestSilo silo, TimeSpan step, TimeSpan bound)
    {
        var (store, outcomes, end) = (silo.Get<ITaskStore>(), silo.Get<TaskQueries>(), silo.Time.GetUtcNow() + bound);
        var patience = System.Diagnostics.Stopwatch.StartNew();
        while (silo.Time.GetUtcNow() < end)
        {
            var rows = (
                await store.ListAsync(new TaskFilter(Groups.Refund.TypeName), null, 1, CancellationToken.None)
            ).Items;
            if (rows.Count == 0)
            {
                var page = await outcomes.SearchAsync(
                    new TaskOutcomeFilter { Type = Groups.Refund.TypeName },
                    null,
                    10,
                    CancellationToken.None
                );
                if (page.Items is [{ Status: "dead" } dead])
                    return dead.TaskId;
            }
            else if (rows[0].NextAt > silo.Time.GetUtcNow())
            {
                silo.Time.Advance(step);
                patience.Restart();
            }
            else if (patience.Elapsed > TimeSpan.FromSeconds(1))
            {
                // Trouble of ours waits a moment, too, and that moment is to pass.
                silo.Time.Advance(TimeSpan.FromSeconds(1));
            }

            if (patience.Elapsed > TestSilo.Bound)
                Assert.Fail($"The refund is not tried: {string.Join(", ", rows)}.");
            await Task.Delay(2);
        }

        Assert.Fail(
            $"No dead letter after {bound}; the provider was called "
                + $"{silo.Ports.Calls[Refund] + silo.Ports.Calls.GetValueOrDefault(Ask)} times."
        );
        return "";
    }

    private static async Task<IGroupGrain> PaidAsync(TestSilo silo, int buyers)
    {
        var group = await silo.PublishAsync(Id, minGroupSize: buyers + 1);
        for (var n = 1; n <= buyers; n++)
        {
            var joined = await group.Join(new JoinGroup($"user-{n}"));
            Assert.Null((await group.Pay(new PayOrder(n, $"pay-{n}", joined.Value!.Total))).Refusal);
        }

        return group;
    }

    private static async Task<IGroupGrain> PaidAndRefundRequestedAsync(TestSilo silo)
    {
        var group = await PaidAsync(silo, 1);
        Assert.Null((await group.RequestRefund(new RequestRefund(1))).Refusal);
        return group;
    }

    private static Task RefundedAsync(TestSilo silo, IGroupGrain group) =>
        silo.AdvanceUntilAsync(
            TimeSpan.FromMilliseconds(120),
            () => TestSilo.UntilAsync(group, 1, order => order.Status == OrderStatus.Refunded)
        );
}
