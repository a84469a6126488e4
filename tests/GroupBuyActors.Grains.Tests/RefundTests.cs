using GroupBuyActors.Groups;
using GroupBuyActors.Ports;
using GroupBuyActors.Setting;
using GroupBuyActors.Store.Committing;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;

namespace GroupBuyActors;

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
        silo.Ports.Answer("refund:", (_, _) =>
        {
            asked.Add(silo.Ports.Calls.GetValueOrDefault(Ask));
            return Task.FromResult(asked.Count < 3 ? PortAnswer.Silent : PortAnswer.Done);
        });
        var group = await PaidAndAskedBackAsync(silo);
        await RefundedAsync(silo, group);
        Assert.Equal([0, 1, 2], asked);
        Assert.Equal([Refund], silo.Ports.Calls.Keys.Where(key => key.StartsWith("refund:", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task ARefundWhoseAnswerWasLostIsNotMadeAgain()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Ports.Answer("refund:", (_, _) =>
        {
            silo.Ports.GiveBack(OrderId.Parse($"{Id}.1"), "pay-1");
            return Task.FromResult(PortAnswer.Silent);
        });
        var group = await PaidAndAskedBackAsync(silo);
        await RefundedAsync(silo, group);
        Assert.Equal(1, silo.Ports.Calls[Refund]);
    }

    [Fact]
    public async Task ARefundIsNotRepeatedWhileTheProviderDoesNotSayWhetherItWasMade()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Ports.AnswerInTurn("refund:", PortAnswer.Silent);
        silo.Ports.AnswerInTurn("ask:", PortAnswer.Silent, PortAnswer.Refused);
        var group = await PaidAndAskedBackAsync(silo);
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
        await PaidAndAskedBackAsync(first);
        await first.Ports.CalledAsync(Refund);
        first.Ports.GiveBack(OrderId.Parse($"{Id}.1"), "pay-1");
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
        silo.Committer.Instead = commit => commit.Events.Any(e => e.Type == "order.refunded") && Interlocked.Increment(ref refused) == 1 ? CommitStatus.Unavailable : null;
        var group = await PaidAndAskedBackAsync(silo);
        await RefundedAsync(silo, group);
        Assert.True(refused > 1);
        Assert.Equal((1, 1), (silo.Ports.Calls[Refund], silo.Ports.Calls[Ask]));
    }

    /// <summary>The first hand-over was taken and its answer lost, or the second was long on its way: the refund may be made.</summary>
    [Fact]
    public async Task ARefundHandedOverAgainAfterItWasMadeIsAskedAboutAndNotRepeated()
    {
        await using var silo = await TestSilo.StartAsync();
        var made = silo.Ports.Hold("refund:");
        var group = await PaidAndAskedBackAsync(silo);
        await silo.Ports.CalledAsync(Refund);
        var task = (await silo.Get<ITaskStore>().ListAsync(new TaskFilter(Type: TaskTypes.Refund), null, 10, CancellationToken.None)).Items.Single();
        Assert.Equal(1, task.Version);
        made.SetResult(PortAnswer.Done);
        await RefundedAsync(silo, group);
        Assert.Equal(0, silo.Ports.Calls.GetValueOrDefault(Ask));

        var gateway = silo.Get<TaskGateways>().Of(silo.Get<ILocalSiloDetails>().SiloAddress);
        Assert.Empty(await gateway.Accept([CarriedTask.Of(task)], []));
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
        silo.Committer.Instead = commit => commit.Events.Any(e => e.Type == "order.refunded") || commit.Run is not null ? CommitStatus.Unavailable : null;
        Assert.Null((await group.AskRefund(new AskRefund(1))).Refusal);
        await silo.Ports.CalledAsync(Refund);
        var near = silo.Get<NearTasks>();
        var id = (await silo.Get<ITaskStore>().ListAsync(new TaskFilter(Type: TaskTypes.Refund), null, 10, CancellationToken.None)).Items.Single().Key.Id;
        await TestSilo.UntilAsync(() => near.Find(id) is (TaskWhereabouts.Wheel, { Troubles: > 0 }));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => silo.Get<ITaskDesk>().RunNowAsync(id, CancellationToken.None));
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
        foreach (var order in (int[])[3, 4]) await TestSilo.UntilAsync(group, order, view => view.Status == OrderStatus.Refunded);
        Assert.Equal(OrderStatus.Refunding, (await group.GetOrder(1)).Value!.Status);
        Assert.Equal(OrderStatus.Refunding, (await group.GetOrder(2)).Value!.Status);
    }

    [Fact]
    public async Task ARefundIsAlertedAboutAndGivenUpAfterThreeDaysAndKeepsItsNumber()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Ports.Answer("refund:", PortAnswer.Silent);
        var group = await PaidAndAskedBackAsync(silo);
        var desk = silo.Get<ITaskDesk>();
        await silo.Ports.CalledAsync(Refund);
        silo.Time.Advance(TimeSpan.FromDays(3));
        var dead = await UntilDeadAsync(silo);
        Assert.Equal(OrderStatus.Refunding, (await group.GetOrder(1)).Value!.Status);
        silo.Ports.Answer("refund:", PortAnswer.Done);
        Assert.Equal(TaskChangeOutcome.Done, await desk.RedriveAsync(dead, CancellationToken.None));
        await silo.AdvanceUntilAsync(TimeSpan.FromSeconds(30), () => TestSilo.UntilAsync(group, 1, order => order.Status == OrderStatus.Refunded));
        Assert.Equal([Refund], silo.Ports.Calls.Keys.Where(key => key.StartsWith("refund:", StringComparison.Ordinal)));
    }

    private static async Task<string> UntilDeadAsync(TestSilo silo)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (true)
        {
            var page = await silo.Get<ITaskDirectory>().SearchAsync(new TaskEndFilter { Type = TaskTypes.Refund }, null, 10, bound.Token);
            if (page.Items is [{ Status: "dead" } dead]) return dead.TaskId;
            silo.Time.Advance(TimeSpan.FromMinutes(10));
            await Task.Delay(20, bound.Token);
        }
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

    private static async Task<IGroupGrain> PaidAndAskedBackAsync(TestSilo silo)
    {
        var group = await PaidAsync(silo, 1);
        Assert.Null((await group.AskRefund(new AskRefund(1))).Refusal);
        return group;
    }

    private static Task RefundedAsync(TestSilo silo, IGroupGrain group) => silo.AdvanceUntilAsync(
        TimeSpan.FromMilliseconds(120), () => TestSilo.UntilAsync(group, 1, order => order.Status == OrderStatus.Refunded));
}
