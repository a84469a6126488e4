using GroupBuyActors.Groups;
using GroupBuyActors.Ports;
using GroupBuyActors.Setting;
using GroupBuyActors.Store.Tasks;

namespace GroupBuyActors.Tasks;

/// <summary>Timed tasks: tries, take-over, and what is harmless.</summary>
public sealed class TaskTests
{
    private const string Id = "10042.SH-PUDONG.tea-1123";

    [Fact]
    public async Task FailedTryIsRecordedWithTheRowAndTriedAgainWhereItIs()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Ports.AnswerInTurn("refund:", PortAnswer.Unavailable, PortAnswer.Unavailable);
        var group = await WithdrawnAsync(silo);
        await silo.Ports.CalledAsync("refund:");
        var row = await RowAsync(silo, Refund.TypeName, task => task.Attempts == 1);
        Assert.Equal("As scripted.", row.LastError);
        Assert.Equal(2, row.Version);
        Assert.True(row.NextAt > row.Key.Due);
        await silo.AdvanceUntilAsync(TimeSpan.FromSeconds(1), () => silo.Ports.CalledAsync("refund:", 3));
        await TestSilo.UntilAsync(group, 1, order => order.Status == OrderStatus.Refunded);
        Assert.Equal(3, silo.Ports.Calls[$"refund:{Id}.1:pay-1"]);
        Assert.Empty(await RowsAsync(silo, Refund.TypeName));
    }

    [Fact]
    public async Task WaitBeyondTheHorizonMovesTheRow()
    {
        await using var silo = await TestSilo.StartAsync(configure: options =>
            (options.Horizon, options.HorizonReadInterval) = (
                TimeSpan.FromMilliseconds(60),
                TimeSpan.FromMilliseconds(30)
            )
        );
        silo.Ports.AnswerInTurn("refund:", PortAnswer.Unavailable);
        var group = await WithdrawnAsync(silo);
        var due = (await group.Get()).Value!.UpdatedAt;
        var row = await RowAsync(silo, Refund.TypeName, task => task.Attempts == 1);
        Assert.Equal(row.NextAt, row.Key.Due);
        Assert.True(row.Key.Due >= due + TimeSpan.FromMilliseconds(100));
        await silo.AdvanceUntilAsync(TimeSpan.FromMilliseconds(50), () => silo.Ports.CalledAsync("refund:", 2));
        await TestSilo.UntilAsync(group, 1, order => order.Status == OrderStatus.Refunded);
        Assert.Empty(await RowsAsync(silo, Refund.TypeName));
    }

    /// <summary>
    /// What is committed while memory is full used to be read no sooner than the next window, after its time.
    /// </summary>
    [Fact]
    public async Task MoreThanMemoryHoldsIsLeftInTheTableAndRunsAllTheSame()
    {
        const int Orders = 450,
            InMemoryMax = 200;
        await using var silo = await TestSilo.StartAsync(configure: options =>
            (options.HorizonTasksMax, options.Horizon, options.HorizonReadInterval) = (
                InMemoryMax / 2,
                TimeSpan.FromMinutes(40),
                TimeSpan.FromMinutes(20)
            )
        );
        var group = await silo.PublishAsync(
            Id,
            minGroupSize: 2,
            with: termsRequest =>
                termsRequest with
                {
                    Capacity = Orders,
                    PerUserLimit = Orders,
                    PaymentWindow = TimeSpan.FromSeconds(20),
                    CountBy = CountBy.Paid,
                }
        );
        await Task.WhenAll(Enumerable.Range(0, Orders).Select(n => group.Join(new JoinGroup($"user-{n}"))));
        var scheduler = silo.Get<LocalTaskScheduler>();
        // The canary is among them.
        Assert.InRange(scheduler.Count, 0, InMemoryMax + 1);
        Assert.True(scheduler.Window < TimeSpan.FromMinutes(40));
        silo.Time.Advance(TimeSpan.FromSeconds(20));
        var due = silo.Time.GetUtcNow();
        await silo.AdvanceUntilAsync(
            TimeSpan.FromMilliseconds(500),
            async () =>
            {
                while ((await group.Get()).Value!.SeatsTaken > 0)
                    await Task.Delay(10);
            }
        );
        Assert.InRange((await group.Get()).Value!.UpdatedAt, due, due.AddMinutes(15));
        Assert.Empty(await RowsAsync(silo, OrderClose.TypeName));
    }

    [Fact]
    public async Task TaskTakenOverIsRecordedBeforeItRuns()
    {
        var ports = new ScriptedPorts();
        ports.Hold("refund:");
        var first = await TestSilo.StartAsync(
            ports: ports,
            configure: options => options.StopBound = TimeSpan.FromMilliseconds(1)
        );
        await WithdrawnAsync(first);
        await ports.CalledAsync("refund:");
        Assert.Equal(0, (await RowAsync(first, Refund.TypeName, _ => true)).Attempts);
        await first.StopAsync();

        first.Time.Advance(TimeSpan.FromSeconds(2));
        var again = new ScriptedPorts();
        var held = again.Hold("refund:");
        await using var second = await TestSilo.StartAsync(first.File, first.Time, again);
        await again.CalledAsync("refund:");
        var row = await RowAsync(second, Refund.TypeName, _ => true);
        Assert.Equal(1, row.Attempts);
        Assert.True(row.NextAt > second.Time.GetUtcNow());
        held.SetResult(PortAnswer.Done);
        await TestSilo.UntilAsync(second.Group(Id), 1, order => order.Status == OrderStatus.Refunded);
        Assert.Empty(await RowsAsync(second, Refund.TypeName));
    }

    [Fact]
    public async Task WhatWasDueWhileNoSiloRanIsDoneAfterTheStart()
    {
        var first = await TestSilo.StartAsync();
        var group = await first.PublishAsync(
            Id,
            with: termsRequest => termsRequest with { Timeout = TimeSpan.FromHours(1) }
        );
        var joined = await group.Join(new JoinGroup("user-1"));
        await group.Pay(new PayOrder(1, "pay-1", joined.Value!.Total));
        await group.Join(new JoinGroup("user-2", 1, new RequestKey("r2", "f")));
        await TestSilo.UntilAsync(group, view => view.State == GroupPhase.Success);
        await first.Ports.CalledAsync("notice:", 2);
        await first.StopAsync();

        first.Time.Advance(TimeSpan.FromHours(2));
        await using var second = await TestSilo.StartAsync(first.File, first.Time);
        var view = await TestSilo.UntilAsync(second.Group(Id), view => view.State == GroupPhase.Expired);
        Assert.Equal(ExpiryReason.PaymentShortfall, view.Reason);
        await TestSilo.UntilAsync(second.Group(Id), 1, order => order.Status == OrderStatus.Refunded);
        Assert.True((await second.Group(Id).Join(new JoinGroup("user-2", 1, new RequestKey("r2", "f")))).Replayed);
        Assert.DoesNotContain(second.Ports.Calls.Keys, key => key.StartsWith("deduct:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TaskFiredEarlyIsNotCompleted()
    {
        await using var silo = await TestSilo.StartAsync();
        await silo.PublishAsync(Id, with: termsRequest => termsRequest with { Timeout = TimeSpan.FromHours(1) });
        var deadline = await RowAsync(silo, GroupDeadline.TypeName, _ => true);
        var result = await Tasks(silo).Run(TaskFiring.Of(deadline, PortAnswered.Nothing));
        Assert.Equal(TimeSpan.FromHours(1), result.RunAgainIn);
        Assert.Single(await RowsAsync(silo, GroupDeadline.TypeName));
    }

    [Fact]
    public async Task TaskThatIsDoneElsewhereIsHarmless()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(
            Id,
            with: termsRequest => termsRequest with { Timeout = TimeSpan.FromHours(1) }
        );
        var deadline = await RowAsync(silo, GroupDeadline.TypeName, _ => true);
        silo.Time.Advance(TimeSpan.FromHours(1));
        var ended = await TestSilo.UntilAsync(group, view => view.State == GroupPhase.Expired);
        for (var n = 0; n < 2; n++)
        {
            try
            {
                Assert.Null((await Tasks(silo).Run(TaskFiring.Of(deadline, PortAnswered.Nothing))).RunAgainIn);
            }
            catch (StoreUnavailableException)
            {
                // The run of this version is known: its second copy is refused.
            }
        }

        Assert.Equal(1, (await silo.HistoryAsync(Id)).Count(type => type == "group.expired"));
        Assert.Equal(ended.State, (await TestSilo.UntilAsync(group, _ => true)).State);
    }

    [Fact]
    public async Task TaskTrulyAboutNothingIsRemoved()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        await group.Join(new JoinGroup("user-1"));
        var close = await RowAsync(silo, OrderClose.TypeName, _ => true);
        silo.Time.Advance(TimeSpan.FromMinutes(29));
        var ghost = TaskFiring.Of(
            close with
            {
                Key = close.Key with { Id = $"groups:{Id}:4:order-close:7", Due = silo.Time.GetUtcNow() },
                Payload = OrderClose.Type.Write(new OrderTask(99)),
            },
            new PortAnswered(null, PortAnswer.Done)
        );
        Assert.Null((await Tasks(silo).Run(ghost)).RunAgainIn);
        Assert.Equal(1, silo.Get<ActiveGroups>().Activations);
    }

    [Fact]
    public async Task NoticeThatStaysSilentIsGivenUpAfterItsTries()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Ports.Answer("notice:", PortAnswer.Unavailable);
        var group = await silo.PublishAsync(Id, minGroupSize: 1);
        await group.Join(new JoinGroup("user-1"));
        await silo.AdvanceUntilAsync(TimeSpan.FromSeconds(10), () => silo.Ports.CalledAsync("notice:", 6));
        await silo.AdvanceUntilAsync(
            TimeSpan.FromSeconds(1),
            async () =>
            {
                while ((await RowsAsync(silo, Notify.TypeName)).Count > 0)
                    await Task.Yield();
            }
        );
        Assert.Equal(
            6,
            silo.Ports.Calls.Single(call => call.Key.StartsWith("notice:", StringComparison.Ordinal)).Value
        );
    }

    [Fact]
    public async Task ConsequencesOnManyOrdersAreAllDone()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(
            Id,
            minGroupSize: 1_300,
            with: termsRequest => termsRequest with { Timeout = TimeSpan.FromHours(1) }
        );
        await Task.WhenAll(
            Enumerable
                .Range(1, 1_200)
                .Select(async n =>
                {
                    var joined = await group.Join(new JoinGroup($"user-{n}"));
                    Assert.True(
                        (
                            await group.Pay(new PayOrder(joined.Value!.OrderId.Number, $"pay-{n}", joined.Value.Total))
                        ).Succeeded
                    );
                })
        );
        await group.Withdraw();
        await TestSilo.UntilAsync(group, 1_200, order => order.Status == OrderStatus.Refunded);
        await silo.Ports.CalledAsync("refund:", 1_200);
        for (var n = 1; n <= 1_200; n++)
            await TestSilo.UntilAsync(group, n, order => order.Status == OrderStatus.Refunded);
        Assert.All(
            silo.Ports.Calls.Where(call => call.Key.StartsWith("refund:", StringComparison.Ordinal)),
            call => Assert.Equal(1, call.Value)
        );
        Assert.Empty(await RowsAsync(silo, GroupSettle.TypeName));
    }

    [Fact]
    public async Task DirectoryTellsOfPendingAndDoneTasks()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        var joined = await group.Join(new JoinGroup("user-1"));
        var directory = silo.Get<TaskQueries>();
        var pending = Assert.Single(
            (
                await directory.ListAsync(new TaskFilter(OrderClose.TypeName), null, null, 10, CancellationToken.None)
            ).Items
        );
        Assert.Equal("pending", pending.Status);
        Assert.Equal(joined.Value!.ClosesAt, pending.ExecuteAt);
        await group.Pay(new PayOrder(1, "pay-1", joined.Value.Total));
        var done = await directory.FindAsync(pending.TaskId, CancellationToken.None);
        Assert.Equal(("cancelled", OrderClose.TypeName), (done!.Status, done.TaskType));
        Assert.Null(await directory.FindAsync($"groups:{Id}:99:order-close:0", CancellationToken.None));
    }

    private static IGroupTasks Tasks(TestSilo silo) => silo.Client.GetGrain<IGroupTasks>(Id);

    private static async Task<IGroupGrain> WithdrawnAsync(TestSilo silo)
    {
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        var joined = await group.Join(new JoinGroup("user-1"));
        await group.Pay(new PayOrder(1, "pay-1", joined.Value!.Total));
        await group.Withdraw();
        return group;
    }

    private static async Task<IReadOnlyList<TimedTask>> RowsAsync(TestSilo silo, string type) =>
        (await silo.Get<ITaskStore>().ListAsync(new TaskFilter(type), null, 500, CancellationToken.None)).Items;

    private static async Task<TimedTask> RowAsync(TestSilo silo, string type, Func<TimedTask, bool> expected)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (true)
        {
            if ((await RowsAsync(silo, type)).FirstOrDefault(expected) is { } row)
                return row;
            bound.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
