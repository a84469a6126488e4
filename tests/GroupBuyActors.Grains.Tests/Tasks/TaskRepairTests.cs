using GroupBuyActors.Committing;
using GroupBuyActors.Groups;
using GroupBuyActors.Ports;
using GroupBuyActors.Redrives;
using GroupBuyActors.Setting;
using GroupBuyActors.Store.Tasks;

namespace GroupBuyActors.Tasks;

/// <summary>Tasks that end without their effect, and what operators do about tasks.</summary>
public sealed class TaskRepairTests
{
    private const string Id = "10042.SH-PUDONG.tea-1123";
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task ADeadLetterKeepsItsCauseAndIsRedrivenOnceWithItsOwnKey()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Ports.Answer("notice:", PortAnswer.Refused);
        await SucceededAsync(silo);
        var dead = await EndingAsync(silo, Notify.TypeName);
        Assert.Equal(
            (TaskOutcomeStatus.Dead, 1, "As scripted.", 10042L),
            (dead.Status, dead.Attempts, dead.Error, dead.Account)
        );
        Assert.Equal("dead", (await silo.Get<TaskQueries>().FindAsync(dead.TaskId, None))!.Status);

        silo.Ports.Answer("notice:", PortAnswer.Done);
        var operations = silo.Get<TaskOperations>();
        Assert.Equal(TaskChangeOutcome.Done, await operations.RedriveAsync(dead.TaskId, None));
        await silo.Ports.CalledAsync("notice:", 2);
        await GoneAsync(silo, Notify.TypeName);
        Assert.Equal(
            2,
            Assert.Single(silo.Ports.Calls, call => call.Key.StartsWith("notice:", StringComparison.Ordinal)).Value
        );
        Assert.Equal("success", (await silo.Get<TaskQueries>().FindAsync(dead.TaskId, None))!.Status);
        Assert.Equal(TaskChangeOutcome.WrongStatus, await operations.RedriveAsync(dead.TaskId, None));
        Assert.Equal(
            2,
            silo.Ports.Calls.Single(call => call.Key.StartsWith("notice:", StringComparison.Ordinal)).Value
        );
    }

    [Fact]
    public async Task ADismissedLetterIsPassedOverByFiltersAndMayStillBeRedrivenByItself()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Ports.Answer("notice:", PortAnswer.Refused);
        await SucceededAsync(silo);
        var dead = await EndingAsync(silo, Notify.TypeName);
        var (operations, ends) = (silo.Get<TaskOperations>(), silo.Get<ITaskOutcomes>());
        var letters = new RedriveOrder { Group = GroupId.Parse(Id) }.Filter();
        var before = await ends.CountAsync(letters, 100, None);
        Assert.Equal(TaskChangeOutcome.Done, await operations.DismissAsync(dead.TaskId, None));
        Assert.Equal(TaskChangeOutcome.Done, await operations.DismissAsync(dead.TaskId, None));
        Assert.Equal(before - 1, await ends.CountAsync(letters, 100, None));
        Assert.NotNull((await silo.Get<TaskQueries>().FindAsync(dead.TaskId, None))!.DismissedAt);
        Assert.Equal(TaskChangeOutcome.Unknown, await operations.DismissAsync($"groups:{Id}:999:notify:0", None));
        Assert.Equal(
            TaskChangeOutcome.WrongStatus,
            await operations.DismissAsync((await RowAsync(silo, OrderClose.TypeName)).Key.Id, None)
        );
        silo.Ports.Answer("notice:", PortAnswer.Done);
        Assert.Equal(TaskChangeOutcome.Done, await operations.RedriveAsync(dead.TaskId, None));
        Assert.Equal(TaskChangeOutcome.WrongStatus, await operations.DismissAsync(dead.TaskId, None));
    }

    [Fact]
    public async Task ARedrivenTaskThatFailsAgainIsADeadLetterAgain()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Ports.Answer("notice:", PortAnswer.Refused);
        await SucceededAsync(silo);
        var first = await EndingAsync(silo, Notify.TypeName);
        Assert.Equal(TaskChangeOutcome.Done, await silo.Get<TaskOperations>().RedriveAsync(first.TaskId, None));
        var second = await EndingAsync(silo, Notify.TypeName, ending => ending.Version > first.Version);
        Assert.Null(second.RedrivenAt);
        Assert.Equal(TaskChangeOutcome.Done, await silo.Get<TaskOperations>().RedriveAsync(first.TaskId, None));
    }

    [Fact]
    public async Task ATaskPastItsTimeToLiveEndsAsExpiredWithoutATry()
    {
        var first = await TestSilo.StartAsync();
        first.Ports.Answer("notice:", PortAnswer.Unavailable);
        await SucceededAsync(first);
        await first.Ports.CalledAsync("notice:");
        await first.StopAsync();
        first.Time.Advance(TimeSpan.FromHours(2));
        await using var second = await TestSilo.StartAsync(first.File, first.Time);
        Assert.Equal(TaskOutcomeStatus.Expired, (await EndingAsync(second, Notify.TypeName)).Status);
        Assert.DoesNotContain(second.Ports.Calls.Keys, key => key.StartsWith("notice:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhatAGroupDependsOnCannotBeCalledOff()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        await group.Join(new JoinGroup("user-1"));
        foreach (var type in (string[])[OrderClose.TypeName, GroupDeadline.TypeName])
            Assert.Equal(
                TaskChangeOutcome.Needed,
                await silo.Get<TaskOperations>().CancelAsync((await RowAsync(silo, type)).Key.Id, None)
            );
        Assert.All(
            (await silo.Get<TaskOperations>().CancelAllAsync(GroupId.Parse(Id), null, null, None)).Items,
            task => Assert.Equal(TaskChangeOutcome.Needed, task.Outcome)
        );
    }

    [Fact]
    public async Task TheTasksOfOneOrderAreCalledOffAndNoOthers()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        for (var n = 1; n <= 2; n++)
        {
            await group.Join(new JoinGroup($"user-{n}"));
            await group.CancelOrder(n);
        }

        var outcomes = await silo.Get<TaskOperations>().CancelAllAsync(GroupId.Parse(Id), 2, null, None);
        Assert.Equal(TaskChangeOutcome.Done, Assert.Single(outcomes.Items).Outcome);
        Assert.Equal(1, TaskPayloads.OrderOf((await RowAsync(silo, PaymentCheck.TypeName)).Payload));
    }

    [Fact]
    public async Task ACancelThatComesFirstWinsAndOneThatComesLateSaysSo()
    {
        await using var silo = await TestSilo.StartAsync();
        var check = await ClosedUnpaidAsync(silo);
        var operations = silo.Get<TaskOperations>();
        var held = silo.Ports.Hold("ask:");
        silo.Time.Advance(TimeSpan.FromMinutes(11));
        await silo.Ports.CalledAsync("ask:");
        Assert.Equal(TaskChangeOutcome.Running, await operations.CancelAsync(check, None));
        held.SetResult(PortAnswer.Done);
        await GoneAsync(silo, PaymentCheck.TypeName);
        Assert.Equal(TaskChangeOutcome.Unknown, await operations.CancelAsync(check, None));
        Assert.Equal(TaskChangeOutcome.Unknown, await operations.CancelAsync($"groups:{Id}:999:notify:0", None));
        Assert.Equal(TaskChangeOutcome.Unknown, await operations.CancelAsync("nonsense", None));
    }

    [Fact]
    public async Task ACancelledTaskNeverFires()
    {
        await using var silo = await TestSilo.StartAsync();
        var check = await ClosedUnpaidAsync(silo);
        Assert.Equal(TaskChangeOutcome.Done, await silo.Get<TaskOperations>().CancelAsync(check, None));
        Assert.Equal(TaskChangeOutcome.Ended, await silo.Get<TaskOperations>().CancelAsync(check, None));
        silo.Time.Advance(TimeSpan.FromHours(1));
        await silo.PublishAsync("10042.SH-PUDONG.later", minGroupSize: 1);
        await silo.Group("10042.SH-PUDONG.later").Join(new JoinGroup("user-1"));
        await silo.Ports.CalledAsync("deduct:10042.SH-PUDONG.later");
        Assert.DoesNotContain(silo.Ports.Calls.Keys, key => key.StartsWith("ask:", StringComparison.Ordinal));
        Assert.Equal("cancelled", (await silo.Get<TaskQueries>().FindAsync(check, None))!.Status);
    }

    /// <summary>It used to stop at the first thousand, by due, and to say nothing.</summary>
    [Fact]
    public async Task CancellingAllOfAGroupsTasksGoesOnUntilTheLastInBoundedSteps()
    {
        await using var silo = await TestSilo.StartAsync();
        await silo.PublishAsync(Id, minGroupSize: 1_500);
        await new Rival(silo).FillAsync(Id, 1_200);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => silo.Group(Id).GetOrder(1));
        silo.Time.Advance(TimeSpan.FromMinutes(25));
        await silo.Group(Id).CancelOrder(1_200);
        // Due after all others: the payment-check comes 10 min later, the orders close in 5.
        var check = (await RowAsync(silo, PaymentCheck.TypeName)).Key.Id;

        var operations = silo.Get<TaskOperations>();
        var outcomes = new List<(string TaskId, TaskChangeOutcome Outcome)>();
        for (string? after = null; ; )
        {
            var page = await operations.CancelAllAsync(GroupId.Parse(Id), null, after, None);
            Assert.InRange(page.Items.Count, 1, 1_500);
            outcomes.AddRange(page.Items);
            if ((after = page.Next) is null)
                break;
        }

        Assert.Equal(1_201, outcomes.Select(outcome => outcome.TaskId).Distinct().Count());
        Assert.Equal(check, Assert.Single(outcomes, outcome => outcome.Outcome != TaskChangeOutcome.Needed).TaskId);
        Assert.Equal("cancelled", (await silo.Get<TaskQueries>().FindAsync(check, None))!.Status);
        await Assert.ThrowsAsync<FormatException>(() =>
            operations.CancelAllAsync(GroupId.Parse(Id), null, "nonsense", None)
        );
    }

    [Fact]
    public async Task RunNowBringsATaskForwardAndItRunsOnce()
    {
        await using var silo = await TestSilo.StartAsync();
        var check = await ClosedUnpaidAsync(silo);
        Assert.Equal(TaskChangeOutcome.Done, await silo.Get<TaskOperations>().RunNowAsync(check, None));
        await silo.Ports.CalledAsync("ask:");
        await GoneAsync(silo, PaymentCheck.TypeName);
        silo.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(1, silo.Ports.Calls.Single(call => call.Key.StartsWith("ask:", StringComparison.Ordinal)).Value);
    }

    /// <summary>
    /// Its end was committed and the answer lost, or it was moved and memory did not hear: its commits used to be
    /// refused for ever.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ATaskThatMemoryHasOtherwiseThanTheTableGoesOnAsItIsStored(bool isMoved)
    {
        await using var silo = await TestSilo.StartAsync();
        var scheduler = silo.Get<LocalTaskScheduler>();
        var check = await ClosedUnpaidAsync(silo);
        var before = await RowAsync(silo, PaymentCheck.TypeName);
        var later = silo.Time.GetUtcNow().AddDays(2);
        if (isMoved)
        {
            Assert.Equal(TaskChangeOutcome.Done, await silo.Get<TaskOperations>().RescheduleAsync(check, later, None));
        }
        else
        {
            Assert.Equal(TaskChangeOutcome.Done, await silo.Get<TaskOperations>().RunNowAsync(check, None));
            await GoneAsync(silo, PaymentCheck.TypeName);
        }

        silo.Time.Advance(before.Key.Due - silo.Time.GetUtcNow());
        var asked = Asked();
        await silo.AdvanceUntilAsync(
            TimeSpan.FromMilliseconds(500),
            async () =>
            {
                while (scheduler.Find(check).Task is not null)
                    await Task.Delay(5);
                scheduler.AddUnstored(before);
                while (Asked() < asked + 3 || scheduler.Find(check).Task is not null)
                    await Task.Delay(5);
            }
        );
        Assert.Equal(
            isMoved ? [(later, 2)] : [],
            (
                await silo.Get<ITaskStore>().ListAsync(new TaskFilter(PaymentCheck.TypeName), null, 10, None)
            ).Items.Select(row => (row.NextAt, row.Version))
        );

        int Asked() =>
            silo
                .Ports.Calls.Where(call => call.Key.StartsWith("ask:", StringComparison.Ordinal))
                .Sum(call => call.Value);
    }

    [Fact]
    public async Task RunNowOfADeadlineEndsNothingBeforeTheDeadline()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(
            Id,
            with: termsRequest => termsRequest with { Timeout = TimeSpan.FromHours(1) }
        );
        Assert.Equal(
            TaskChangeOutcome.Done,
            await silo.Get<TaskOperations>().RunNowAsync((await RowAsync(silo, GroupDeadline.TypeName)).Key.Id, None)
        );
        Assert.Equal(GroupPhase.OnShelf, (await group.Get()).Value!.State);
        silo.Time.Advance(TimeSpan.FromHours(1));
        await TestSilo.UntilAsync(group, view => view.State == GroupPhase.Expired);
    }

    [Fact]
    public async Task ARescheduledTaskDropsItsFormerFiring()
    {
        await using var silo = await TestSilo.StartAsync();
        var check = await ClosedUnpaidAsync(silo);
        var later = silo.Time.GetUtcNow() + TimeSpan.FromHours(3);
        Assert.Equal(TaskChangeOutcome.Done, await silo.Get<TaskOperations>().RescheduleAsync(check, later, None));
        Assert.Equal(later, (await RowAsync(silo, PaymentCheck.TypeName)).Key.Due);
        silo.Time.Advance(TimeSpan.FromHours(2));
        Assert.DoesNotContain(silo.Ports.Calls.Keys, key => key.StartsWith("ask:", StringComparison.Ordinal));
        await silo.AdvanceUntilAsync(TimeSpan.FromMinutes(10), () => silo.Ports.CalledAsync("ask:"));
        Assert.True(silo.Time.GetUtcNow() >= later);
    }

    [Fact]
    public async Task AChangedPolicyIsInForceWithoutARestartAndAfterOne()
    {
        var first = await TestSilo.StartAsync();
        var policies = first.Get<TaskPolicyRegistry>();
        var narrow = await policies.ChangeAsync(
            Notify.TypeName,
            new TaskPolicyChange { Concurrency = 1 },
            null,
            "test",
            None
        );
        Assert.Equal((1, 1), (narrow.Report!.Policy.Concurrency, narrow.Report.Policy.Version));
        var held = first.Ports.Hold("notice:");
        await SucceededAsync(first, buyers: 4);
        await first.Ports.CalledAsync("notice:");
        Assert.Equal(1, NoticesAsked(first));
        var wide = await policies.ChangeAsync(
            Notify.TypeName,
            new TaskPolicyChange { Concurrency = 4 },
            1,
            "test",
            None
        );
        Assert.Equal(2, wide.Report!.Policy.Version);
        await first.Ports.CalledAsync("notice:", 4);
        Assert.Equal(
            2,
            (await policies.ChangeAsync(Notify.TypeName, new TaskPolicyChange { Weight = 1 }, 1, "test", None)).Conflict
        );
        Assert.Contains(
            "concurrency",
            (await policies.ChangeAsync(Notify.TypeName, new TaskPolicyChange { Concurrency = 0 }, null, "test", None))
                .Faults!
                .Keys
        );
        held.SetResult(PortAnswer.Done);
        await GoneAsync(first, Notify.TypeName);
        await first.StopAsync();

        await using var second = await TestSilo.StartAsync(first.File, first.Time);
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (second.Get<TaskPolicyRegistry>().Find(Notify.TypeName)!.Policy.Version != 2)
            await Task.Delay(10, bound.Token);
        Assert.Equal(4, second.Get<TaskPolicyRegistry>().Find(Notify.TypeName)!.Policy.Concurrency);
    }

    [Fact]
    public async Task ATaskThatIsGivenAWeightOvertakesThoseThatWaitWithIt()
    {
        await using var silo = await TestSilo.StartAsync();
        await silo.Get<TaskPolicyRegistry>()
            .ChangeAsync(Notify.TypeName, new TaskPolicyChange { Concurrency = 1 }, null, "test", None);
        var (go, asked) = (
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously),
            new System.Collections.Concurrent.ConcurrentQueue<string>()
        );
        silo.Ports.Answer(
            "notice:",
            async (key, cancellation) =>
            {
                asked.Enqueue(key);
                await go.Task.WaitAsync(cancellation);
                return PortAnswer.Done;
            }
        );
        await SucceededAsync(silo, buyers: 6);
        await silo.Ports.CalledAsync("notice:");
        var waiting = (await silo.Get<ITaskStore>().ListAsync(new TaskFilter(Notify.TypeName), null, 500, None))
            .Items.Where(task =>
                !asked
                    .First()
                    .StartsWith($"notice:{Id}.{TaskPayloads.OrderOf(task.Payload)}:", StringComparison.Ordinal)
            )
            .OrderBy(task => task.Key.Id)
            .ToList();
        Assert.Equal(5, waiting.Count);
        var last = waiting[^1];
        Assert.Equal(TaskChangeOutcome.Done, await silo.Get<TaskOperations>().SetWeightAsync(last.Key.Id, 500, None));
        var told = (await silo.Get<TaskQueries>().FindAsync(last.Key.Id, None))!;
        Assert.Equal(
            (500, 500 + TaskRegistrations.Types.Of(Notify.TypeName).Policy.Weight, last.Version + 1),
            (told.Weight, told.PriorityWeight, told.Version)
        );
        go.SetResult();
        await GoneAsync(silo, Notify.TypeName);
        Assert.StartsWith(
            $"notice:{Id}.{TaskPayloads.OrderOf(last.Payload)}:",
            asked.ElementAt(1),
            StringComparison.Ordinal
        );
        Assert.Equal(6, asked.Count);
    }

    [Fact]
    public async Task TasksAreCountedInTheTableAndFollowedByCommits()
    {
        var first = await TestSilo.StartAsync();
        var group = await first.PublishAsync(Id, minGroupSize: 3);
        for (var n = 1; n <= 2; n++)
            await group.Join(new JoinGroup($"user-{n}"));
        await first.StopAsync();

        await using var silo = await TestSilo.StartAsync(first.File, first.Time);
        var pendingCounter = silo.Get<PendingTaskCounter>();
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (pendingCounter.Uncounted > 0)
            await pendingCounter.RunOnceAsync(bound.Token);
        Assert.Equal((2, 1, 0, ShardId.Count), Counted());
        group = silo.Group(Id);
        await group.Join(new JoinGroup("user-3"));
        await group.CancelOrder(1);
        Assert.Equal((2, 1, 1, ShardId.Count), Counted());
        await silo.Ports.CalledAsync("notice:", 2);
        await GoneAsync(silo, Notify.TypeName);
        await GoneAsync(silo, SuccessSaga.TypeName);
        Assert.Equal(
            await RowsByTypeAsync(silo),
            pendingCounter.Pending().Where(type => type.Value > 0).ToDictionary(type => type.Key, type => type.Value)
        );

        (long, long, long, long) Counted()
        {
            var pending = pendingCounter.Pending();
            return (
                pending.GetValueOrDefault(OrderClose.TypeName),
                pending.GetValueOrDefault(GroupDeadline.TypeName),
                pending.GetValueOrDefault(PaymentCheck.TypeName),
                pending.GetValueOrDefault(VoucherScan.TypeName)
            );
        }
    }

    [Fact]
    public async Task TheCanaryTellsWhenNothingFires()
    {
        await using var silo = await TestSilo.StartAsync(configure: options =>
            (options.TasksRunningMax, options.CanaryInterval) = (1, TimeSpan.FromHours(1))
        );
        var canary = silo.Get<TaskCanary>();
        Assert.Equal(ShardId.Count / 128, await canary.RunOnceAsync(default));
        Assert.Null(canary.FailingBecause);
        var held = silo.Ports.Hold("deduct:");
        var group = await silo.PublishAsync(Id, minGroupSize: 1);
        await group.Join(new JoinGroup("user-1"));
        await silo.Ports.CalledAsync("deduct:");
        await canary.RunOnceAsync(default);
        silo.Time.Advance(TimeSpan.FromSeconds(20));
        await canary.RunOnceAsync(default);
        Assert.NotNull(canary.FailingBecause);
        held.SetResult(PortAnswer.Done);
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (canary.FailingBecause is not null)
        {
            await Task.Delay(10, bound.Token);
            await canary.RunOnceAsync(default);
        }
    }

    [Fact]
    public async Task ATaskOfATypeThatNobodyKnowsIsParkedAndHoldsUpNothing()
    {
        await using var silo = await TestSilo.StartAsync();
        var shard = GroupId.Parse(Id).Shard;
        var task = new TimedTask
        {
            Key = new TaskKey(
                shard,
                silo.Time.GetUtcNow(),
                TaskIds.Of("from-the-future", shard, silo.Time.GetUtcNow())
            ),
            Type = "from-the-future",
            NextAt = silo.Time.GetUtcNow(),
        };
        using (var place = silo.Committer.TryReserve(shard)!)
        {
            var scheduled = await silo.Committer.CommitAsync(
                place,
                new Commit
                {
                    Id = Guid.CreateVersion7(),
                    Shard = shard,
                    Token = new ActivationToken(),
                    Schedules = [task],
                    Run = new TaskRun(task.Key with { Id = "test:seed" }, 1),
                }
            );
            Assert.Equal(CommitStatus.Committed, scheduled.Status);
        }

        var scheduler = silo.Get<LocalTaskScheduler>();
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (scheduler.Parked().GetValueOrDefault("from-the-future") != 1)
            await Task.Delay(10, bound.Token);
        Assert.StartsWith(
            "A handler:",
            (await silo.Get<TaskQueries>().FindAsync(task.Key.Id, None))!.WaitingFor,
            StringComparison.Ordinal
        );
        await SucceededAsync(silo);
        await silo.Ports.CalledAsync("notice:");
    }

    [Fact]
    public async Task ATaskTellsWhyItHasNotRun()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        await group.Join(new JoinGroup("user-1"));
        var close = (
            await silo.Get<TaskQueries>().FindAsync((await RowAsync(silo, OrderClose.TypeName)).Key.Id, None)
        )!;
        Assert.Equal(
            "Its due time; it is in the table because it is due beyond the horizon held in memory.",
            close.WaitingFor
        );
        Assert.Contains(
            close.Timeline,
            moment => moment.What.EndsWith("(order.placed) scheduled it.", StringComparison.Ordinal)
        );
        Assert.True(close.Epoch > 0);
        Assert.NotNull(close.Owner);
    }

    private static int NoticesAsked(TestSilo silo) =>
        silo.Ports.Calls.Count(call => call.Key.StartsWith("notice:", StringComparison.Ordinal));

    private static async Task SucceededAsync(TestSilo silo, int buyers = 1)
    {
        var group = await silo.PublishAsync(Id, minGroupSize: buyers);
        for (var n = 1; n <= buyers; n++)
            await group.Join(new JoinGroup($"user-{n}"));
    }

    /// <summary>An order closed unpaid: its payment-check is due in ten minutes.</summary>
    private static async Task<string> ClosedUnpaidAsync(TestSilo silo)
    {
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        await group.Join(new JoinGroup("user-1"));
        await group.CancelOrder(1);
        return (await RowAsync(silo, PaymentCheck.TypeName)).Key.Id;
    }

    private static async Task<TaskOutcome> EndingAsync(
        TestSilo silo,
        string type,
        Func<TaskOutcome, bool>? expected = null
    )
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (true)
        {
            var page = await silo.Get<ITaskOutcomes>()
                .SearchAsync(new TaskOutcomeFilter { Type = type }, null, 10, None);
            if (page.Items.FirstOrDefault(expected ?? (_ => true)) is { } ending)
                return ending;
            bound.Token.ThrowIfCancellationRequested();
            await Task.Delay(10, bound.Token);
        }
    }

    private static async Task<TimedTask> RowAsync(TestSilo silo, string type)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (true)
        {
            var rows = (await silo.Get<ITaskStore>().ListAsync(new TaskFilter(type), null, 500, None)).Items;
            if (rows.Count > 0)
                return rows[0];
            bound.Token.ThrowIfCancellationRequested();
            await Task.Delay(10, bound.Token);
        }
    }

    private static async Task<Dictionary<string, long>> RowsByTypeAsync(TestSilo silo) =>
        (
            await silo.Get<ITaskStore>()
                .CountAsync([.. Enumerable.Range(0, ShardId.Count).Select(shard => new ShardId(shard))], None)
        )
            .GroupBy(count => count.Type)
            .ToDictionary(type => type.Key, type => type.Sum(count => count.Tasks));

    private static async Task GoneAsync(TestSilo silo, string type)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while ((await silo.Get<ITaskStore>().ListAsync(new TaskFilter(type), null, 500, None)).Items.Count > 0)
            await Task.Delay(10, bound.Token);
    }
}
