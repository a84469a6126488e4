using GroupBuyActors.Ports;
using GroupBuyActors.Setting;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>The saga of success: its tries and waits, its compensation, and what is seen of it.</summary>
public sealed class SagaTests
{
    private const string Id = "10042.SH-PUDONG.tea-1123";
    private const string Deduct = $"deduct:{Id}:1";

    [Fact]
    public async Task EachTryHasTenSecondsAndTheWaitsAreOneAndFive()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Ports.Hold("deduct:");
        var group = await SucceededAsync(silo);
        await silo.Ports.CalledAsync(Deduct);
        Assert.Equal(TimeSpan.FromSeconds(1), await WaitAfterAsync(silo, 1));
        await silo.AdvanceUntilAsync(TimeSpan.FromSeconds(1), () => silo.Ports.CalledAsync(Deduct, 2));
        Assert.Equal(TimeSpan.FromSeconds(5), await WaitAfterAsync(silo, 2));
        await silo.AdvanceUntilAsync(TimeSpan.FromSeconds(5), () => silo.Ports.CalledAsync(Deduct, 3));
        var view = await UntilAsync(silo, group, TimeSpan.FromSeconds(10), view => view.State == GroupPhase.Expired);
        Assert.Equal(ExpiryReason.StockUnavailable, view.Reason);
        Assert.Equal(3, silo.Ports.Calls[Deduct]);
    }

    [Fact]
    public async Task ItIsSeenAsATaskWithItsTriesAndItsTroubleAndThenInTheHistory()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Ports.AnswerInTurn("deduct:", PortAnswer.Unavailable);
        var group = await SucceededAsync(silo);
        var saga = await TaskAsync(silo, task => task.RetryCount == 1);
        Assert.Equal(("As scripted.", 2), (saga.LastError, saga.MaxRetry));
        await silo.AdvanceUntilAsync(
            TimeSpan.FromSeconds(1),
            () => TestSilo.UntilAsync(group, view => view.Sequence >= 9)
        );
        Assert.Equal(("success", SuccessSaga.TypeName), await FindAsync(silo, saga.TaskId));
        Assert.Equal(
            ["group.succeeded", "stock.deducted", "buyers.notified"],
            (await silo.HistoryAsync(Id)).TakeLast(3)
        );
    }

    [Fact]
    public async Task TheDeductionThatSettlementMakesIsSeenAsATaskThatIsDone()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await SucceededAsync(silo, capacity: 3);
        await TestSilo.UntilAsync(group, view => view.Sequence >= 9);
        var joined = await group.Join(new JoinGroup("user-3"));
        Assert.Null((await group.EndJoining()).Refusal);
        var held = silo.Ports.Hold("deduct:");
        for (var n = 1; n <= 3; n++)
            Assert.Null((await group.Pay(new PayOrder(n, $"pay-{n}", joined.Value!.Total))).Refusal);
        var saga = await TaskAsync(silo, _ => true);
        held.SetResult(PortAnswer.Done);
        await TestSilo.UntilAsync(group, view => view.State == GroupPhase.Fulfilled);
        Assert.Equal(("success", SuccessSaga.TypeName), await FindAsync(silo, saga.TaskId));
    }

    [Fact]
    public async Task CompensationRunsToTheEndWhateverPortsSayOnTheWay()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Ports.Answer("deduct:", PortAnswer.Refused);
        silo.Ports.AnswerInTurn("refund:", PortAnswer.Unavailable, PortAnswer.Refused, PortAnswer.Unavailable);
        silo.Ports.AnswerInTurn(
            "release:",
            PortAnswer.Refused,
            PortAnswer.Unavailable,
            PortAnswer.Unavailable,
            PortAnswer.Unavailable
        );
        var group = await SucceededAsync(silo, paysFirst: true);
        await TestSilo.UntilAsync(group, view => view.State == GroupPhase.Expired);
        await UntilAsync(
            silo,
            group,
            TimeSpan.FromSeconds(1),
            _ =>
                group.GetOrder(1).Result.Value!.Status == OrderStatus.Refunded
                && silo.Ports.Effects.Any(key => key.StartsWith("release:", StringComparison.Ordinal))
        );
        Assert.Equal((4, 5), (silo.Ports.Calls[$"refund:{Id}.1:pay-1"], silo.Ports.Calls[$"release:{Id}:1"]));
        Assert.DoesNotContain(silo.Ports.Calls.Keys, key => key.StartsWith("notice:", StringComparison.Ordinal));
    }

    private static async Task<IGroupGrain> SucceededAsync(TestSilo silo, int? capacity = null, bool paysFirst = false)
    {
        var group = await silo.PublishAsync(Id, capacity: capacity ?? 3);
        for (var n = 1; n <= 2; n++)
        {
            var joined = await group.Join(new JoinGroup($"user-{n}"));
            if (n == 1 && paysFirst)
                Assert.Null((await group.Pay(new PayOrder(1, "pay-1", joined.Value!.Total))).Refusal);
        }

        return group;
    }

    /// <summary>Lets the time of a try pass and gives how long the task waits for the next.</summary>
    private static async Task<TimeSpan> WaitAfterAsync(TestSilo silo, int tries)
    {
        silo.Time.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(tries - 1, (await TaskAsync(silo, _ => true)).RetryCount);
        silo.Time.Advance(TimeSpan.FromMilliseconds(1));
        return (await TaskAsync(silo, task => task.RetryCount == tries)).NextAt!.Value - silo.Time.GetUtcNow();
    }

    private static async Task<TaskReport> TaskAsync(TestSilo silo, Func<TaskReport, bool> expected)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (true)
        {
            var tasks = await silo.Get<TaskQueries>()
                .ListAsync(
                    new TaskFilter(SuccessSaga.TypeName, Actor: GroupId.Parse(Id).Actor),
                    null,
                    null,
                    10,
                    bound.Token
                );
            if (tasks.Items.FirstOrDefault(expected) is { } task)
                return task;
            await Task.Delay(5, bound.Token);
        }
    }

    private static async Task<(string, string)> FindAsync(TestSilo silo, string taskId)
    {
        var task = await silo.Get<TaskQueries>().FindAsync(taskId, CancellationToken.None);
        Assert.NotNull(task);
        return (task.Status, task.TaskType);
    }

    private static async Task<GroupView> UntilAsync(
        TestSilo silo,
        IGroupGrain group,
        TimeSpan step,
        Func<GroupView, bool> expected
    )
    {
        GroupView? view = null;
        await silo.AdvanceUntilAsync(step, async () => view = await TestSilo.UntilAsync(group, expected));
        return view!;
    }
}
