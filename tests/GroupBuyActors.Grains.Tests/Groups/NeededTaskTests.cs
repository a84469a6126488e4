using GroupBuyActors.Committing;
using GroupBuyActors.Setting;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>
/// A task that a group's state depends on comes in time, and where it does not, settling the group makes it right.
/// </summary>
public sealed class NeededTaskTests
{
    private const string Id = "10042.SH-PUDONG.tea-1123";
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly DateTimeOffset Year9000 = new(9000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task WhatAGroupDependsOnIsBroughtForwardAndNeverPutOff()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        await group.Join(new JoinGroup("user-1"));
        var operations = silo.Get<TaskOperations>();
        foreach (var type in (string[])[OrderClose.TypeName, GroupDeadline.TypeName])
        {
            var task = await RowAsync(silo, type);
            foreach (var later in (DateTimeOffset[])[task.Key.Due.AddMilliseconds(1), Year9000])
                Assert.Equal(TaskChangeOutcome.Needed, await operations.RescheduleAsync(task.Key.Id, later, None));
            Assert.Equal(task.Key, (await RowAsync(silo, type)).Key);
            var sooner = task.Key.Due.AddMinutes(-1);
            Assert.Equal(TaskChangeOutcome.Done, await operations.RescheduleAsync(task.Key.Id, sooner, None));
            Assert.Equal(sooner, (await RowAsync(silo, type)).Key.Due);
            // From there it is not put back either: what was brought forward is looked at again when it fires.
            Assert.Equal(TaskChangeOutcome.Needed, await operations.RescheduleAsync(task.Key.Id, task.Key.Due, None));
        }

        silo.Time.Advance(TimeSpan.FromMinutes(30));
        await TestSilo.UntilAsync(group, 1, order => order.Status == OrderStatus.Closed);
    }

    /// <summary>
    /// The paid buyer used to wait for a voucher until the year 9000, the check to hold, and settling to change
    /// nothing.
    /// </summary>
    [Fact]
    public async Task SettlingDecidesWhatIsDueThoughItsTaskWasPutOff()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await SucceededWithOneUnpaidAsync(silo);
        await MoveAsync(silo, await RowAsync(silo, OrderClose.TypeName), Year9000);
        await PastTheDeadlineAsync(silo, group);
        Assert.Equal(GroupPhase.Success, (await group.Get()).Value!.State);
        var check = (await silo.Get<TaskAudit>().CheckAsync(GroupId.Parse(Id), None))!.Value.Check;
        Assert.False(check.Holds);
        Assert.Equal((OrderClose.TypeName, Year9000), (Assert.Single(check.Late).Type, check.Late[0].NextAt));

        var settled = await group.Settle(null);
        Assert.Equal(GroupPhase.Fulfilled, settled.Value!.State);
        Assert.Equal(OrderStatus.Closed, (await group.GetOrder(2)).Value!.Status);
        Assert.Equal(OrderStatus.VoucherIssued, (await group.GetOrder(1)).Value!.Status);
        await HoldsAsync(silo);
    }

    [Fact]
    public async Task SettlingPutsBackTasksThatAreLost()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await SucceededWithOneUnpaidAsync(silo);
        foreach (var type in (string[])[OrderClose.TypeName, GroupDeadline.TypeName])
            await LoseAsync(silo, await RowAsync(silo, type));
        var missing = (await silo.Get<TaskAudit>().CheckAsync(GroupId.Parse(Id), None))!.Value.Check.Missing;
        Assert.Equal([GroupDeadline.TypeName, OrderClose.TypeName], missing.Select(task => task.Type));
        await group.Settle(null);
        await HoldsAsync(silo);
        silo.Time.Advance(TimeSpan.FromHours(25));
        await silo.AdvanceUntilAsync(
            TimeSpan.FromSeconds(1),
            () => TestSilo.UntilAsync(group, view => view.State == GroupPhase.Fulfilled)
        );
        await HoldsAsync(silo);
    }

    [Fact]
    public async Task SettlingBringsBackADeductionThatNobodyMakes()
    {
        await using var silo = await TestSilo.StartAsync();
        var held = silo.Ports.Hold("deduct:");
        var group = await silo.PublishAsync(Id, minGroupSize: 1);
        await group.Join(new JoinGroup("user-1"));
        await silo.Ports.CalledAsync("deduct:");
        // Its row goes while it runs, and its run comes to nothing.
        await LoseAsync(silo, await RowAsync(silo, SuccessSaga.TypeName));
        held.SetException(new TimeoutException("Nobody answers."));
        silo.Ports.Answer("deduct:", Ports.PortAnswer.Done);
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (silo.Get<LocalTaskScheduler>().Backlog().Count > 0)
        {
            silo.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(20, bound.Token);
        }

        await group.Settle(null);
        Assert.Contains("stock.deducted", await silo.HistoryAsync(Id));
        await HoldsAsync(silo);
    }

    /// <summary>Nobody need call: the reminder that every group has looks after its tasks, too.</summary>
    [Fact]
    public async Task TheBackstopReminderMendsTheTasksOfAGroupThatIsBehind()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await SucceededWithOneUnpaidAsync(silo);
        await LoseAsync(silo, await RowAsync(silo, OrderClose.TypeName));
        await PastTheDeadlineAsync(silo, group);
        await group.AsReference<IRemindable>().ReceiveReminder("backstop", default);
        await TestSilo.UntilAsync(group, view => view.State == GroupPhase.Fulfilled);
    }

    /// <summary>A group in success past its payment window's end: one buyer has paid, one has not.</summary>
    private static async Task<IGroupGrain> SucceededWithOneUnpaidAsync(TestSilo silo)
    {
        var group = await silo.PublishAsync(Id, minGroupSize: 1, capacity: 3);
        var joined = await group.Join(new JoinGroup("user-1"));
        await group.Pay(new PayOrder(1, "pay-1", joined.Value!.Total));
        await group.Join(new JoinGroup("user-2"));
        await TestSilo.UntilAsync(group, view => view is { State: GroupPhase.Success, SeatsTaken: 2 });
        await silo.Ports.CalledAsync("notice:", 1);
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while ((await RowsAsync(silo, SuccessSaga.TypeName)).Count + (await RowsAsync(silo, Notify.TypeName)).Count > 0)
            await Task.Delay(10, bound.Token);
        return group;
    }

    private static async Task PastTheDeadlineAsync(TestSilo silo, IGroupGrain group)
    {
        silo.Time.Advance(TimeSpan.FromHours(25));
        await silo.AdvanceUntilAsync(
            TimeSpan.FromSeconds(1),
            async () =>
            {
                while (!(await silo.HistoryAsync(Id)).Contains("group.joining-ended"))
                    await Task.Delay(10);
            }
        );
        Assert.Equal(OrderStatus.PendingPayment, (await group.GetOrder(2)).Value!.Status);
    }

    private static async Task HoldsAsync(TestSilo silo)
    {
        var check = (await silo.Get<TaskAudit>().CheckAsync(GroupId.Parse(Id), None))!.Value.Check;
        Assert.True(
            check.Holds,
            $"Missing: {string.Join(", ", check.Missing)}; late: {string.Join(", ", check.Late)}; left over: "
                + $"{string.Join(", ", check.Unneeded)}."
        );
    }

    private static Task MoveAsync(TestSilo silo, TimedTask task, DateTimeOffset due) =>
        CommitAsync(silo, task, [task.MovedTo(due)]);

    private static Task LoseAsync(TestSilo silo, TimedTask task) => CommitAsync(silo, task, []);

    private static async Task CommitAsync(TestSilo silo, TimedTask task, TimedTask[] schedules)
    {
        using var place = silo.Committer.TryReserve(task.Key.Shard)!;
        var result = await silo.Committer.CommitAsync(
            place,
            new Commit
            {
                Id = Guid.CreateVersion7(),
                Shard = task.Key.Shard,
                Token = new ActivationToken(),
                Removals = [task.Row],
                Schedules = schedules,
                Run = new TaskRun(task.Key, task.Version),
            }
        );
        Assert.Equal(CommitStatus.Committed, result.Status);
    }

    private static async Task<TimedTask> RowAsync(TestSilo silo, string type) =>
        Assert.Single(await RowsAsync(silo, type));

    private static async Task<IReadOnlyList<TimedTask>> RowsAsync(TestSilo silo, string type) =>
        (
            await silo.Get<ITaskStore>()
                .ListAsync(new TaskFilter(type, Actor: GroupId.Parse(Id).Actor), null, 500, None)
        ).Items;
}
