using GroupBuyActors.Ports;
using GroupBuyActors.Setting;

namespace GroupBuyActors.Groups;

/// <summary>Whole lives of groups through the silo: grains, tasks, ports, store.</summary>
public sealed class GroupLifeTests
{
    private const string Id = "10042.SH-PUDONG.tea-1123";

    [Fact]
    public async Task FullGroupIsFulfilledAndItsVouchersAreRedeemedOnce()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id);
        for (var n = 1; n <= 2; n++)
        {
            var joined = await group.Join(new JoinGroup($"user-{n}"));
            Assert.Equal(ReplyOutcome.Created, joined.Outcome);
            // The last payment fulfils the group: its answer shows the voucher already, where stock was deducted before
            // it.
            var paid = await group.Pay(new PayOrder(n, $"pay-{n}", joined.Value!.Total));
            Assert.Contains(paid.Value!.Status, (OrderStatus[])[OrderStatus.Paid, OrderStatus.VoucherIssued]);
        }

        await TestSilo.UntilAsync(group, view => view.State == GroupPhase.Fulfilled);
        var order = (await group.GetOrder(1)).Value!;
        Assert.Equal(OrderStatus.VoucherIssued, order.Status);
        Assert.Equal(OrderStatus.Redeemed, (await group.Redeem(order.VoucherCode!.Value)).Value!.Status);
        Assert.Equal(RefusalCode.VoucherRedeemed, (await group.Redeem(order.VoucherCode!.Value)).Refusal!.Code);
        await silo.Ports.CalledAsync("notice:", 2);
        Assert.Contains($"deduct:{Id}:1", silo.Ports.Effects);
    }

    [Fact]
    public async Task GroupBelowItsThresholdTimesOutAndItsMoneyAndStockGoBack()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(
            Id,
            with: termsRequest => termsRequest with { Timeout = TimeSpan.FromMinutes(10) }
        );
        var joined = await group.Join(new JoinGroup("user-1"));
        await group.Pay(new PayOrder(1, "pay-1", joined.Value!.Total));
        silo.Time.Advance(TimeSpan.FromMinutes(10));
        var view = await TestSilo.UntilAsync(group, view => view.State == GroupPhase.Expired);
        Assert.Equal(ExpiryReason.Timeout, view.Reason);
        await TestSilo.UntilAsync(group, 1, order => order.Status == OrderStatus.Refunded);
        silo.Time.Advance(TimeSpan.FromSeconds(5));
        await silo.Ports.CalledAsync("release:");
        await TestSilo.UntilAsync(group, view => view.Sequence >= 10);
        Assert.Contains("stock.released", await silo.HistoryAsync(Id));
        Assert.Equal(1, silo.Ports.Calls[$"refund:{Id}.1:pay-1"]);
    }

    [Fact]
    public async Task SuccessfulGroupWithTooFewPayersEndsInAPaymentShortfall()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(
            Id,
            minGroupSize: 2,
            capacity: 3,
            with: termsRequest => termsRequest with { Timeout = TimeSpan.FromHours(1) }
        );
        var paid = await group.Join(new JoinGroup("user-1"));
        await group.Pay(new PayOrder(1, "pay-1", paid.Value!.Total));
        await group.Join(new JoinGroup("user-2"));
        await TestSilo.UntilAsync(group, view => view.State == GroupPhase.Success);
        silo.Time.Advance(TimeSpan.FromMinutes(30));
        await TestSilo.UntilAsync(group, 2, order => order.Status == OrderStatus.Closed);
        silo.Time.Advance(TimeSpan.FromMinutes(30));
        var view = await TestSilo.UntilAsync(group, view => view.State == GroupPhase.Expired);
        Assert.Equal(ExpiryReason.PaymentShortfall, view.Reason);
        await TestSilo.UntilAsync(group, 1, order => order.Status == OrderStatus.Refunded);
    }

    [Fact]
    public async Task GroupWhoseStockIsRefusedIsCompensatedWithoutASuccessNotice()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Ports.Answer("deduct:", PortAnswer.Refused);
        var group = await silo.PublishAsync(Id);
        var joined = await group.Join(new JoinGroup("user-1"));
        await group.Pay(new PayOrder(1, "pay-1", joined.Value!.Total));
        await group.Join(new JoinGroup("user-2"));
        var view = await TestSilo.UntilAsync(group, view => view.State == GroupPhase.Expired);
        Assert.Equal(ExpiryReason.StockUnavailable, view.Reason);
        await TestSilo.UntilAsync(group, 1, order => order.Status == OrderStatus.Refunded);
        Assert.Equal(CloseReason.GroupEnded, (await group.GetOrder(2)).Value!.CloseReason);
        Assert.DoesNotContain(silo.Ports.Calls.Keys, key => key.StartsWith("notice:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SilentStockIsAskedThreeTimesAndThenCompensated()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Ports.Answer("deduct:", PortAnswer.Unavailable);
        var group = await silo.PublishAsync(Id);
        await group.Join(new JoinGroup("user-1"));
        await group.Join(new JoinGroup("user-2"));
        await silo.Ports.CalledAsync("deduct:");
        await silo.AdvanceUntilAsync(TimeSpan.FromSeconds(1), () => silo.Ports.CalledAsync("deduct:", 2));
        await silo.AdvanceUntilAsync(TimeSpan.FromSeconds(5), () => silo.Ports.CalledAsync("deduct:", 3));
        var view = await TestSilo.UntilAsync(group, view => view.State == GroupPhase.Expired);
        Assert.Equal(ExpiryReason.StockUnavailable, view.Reason);
        Assert.Equal(3, silo.Ports.Calls[$"deduct:{Id}:1"]);
    }

    [Fact]
    public async Task UnpaidOrderIsClosedToTheMillisecondAfterTheProviderWasAsked()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id);
        var joined = await group.Join(new JoinGroup("user-1"));
        silo.Time.Advance(TimeSpan.FromMinutes(30) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(OrderStatus.PendingPayment, (await group.GetOrder(1)).Value!.Status);
        silo.Time.Advance(TimeSpan.FromMilliseconds(1));
        var closed = await TestSilo.UntilAsync(group, 1, order => order.Status == OrderStatus.Closed);
        Assert.Equal(CloseReason.PaymentWindowOver, closed.CloseReason);
        Assert.Equal(joined.Value!.ClosesAt, (await group.Get()).Value!.UpdatedAt);
        Assert.Equal(1, silo.Ports.Calls[$"ask:{Id}.1"]);
    }

    [Fact]
    public async Task MoneyFoundAfterClosingIsRefunded()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id);
        var joined = await group.Join(new JoinGroup("user-1"));
        silo.Time.Advance(TimeSpan.FromMinutes(30));
        await TestSilo.UntilAsync(group, 1, order => order.Status == OrderStatus.Closed);
        silo.Ports.PayAtProvider(joined.Value!.OrderId, "late", joined.Value.Total);
        silo.Time.Advance(TimeSpan.FromMinutes(10));
        await TestSilo.UntilAsync(group, 1, order => order.Status == OrderStatus.Refunded);
        Assert.Equal(1, silo.Ports.Calls[$"refund:{Id}.1:late"]);
    }

    [Fact]
    public async Task RefusedStockLeavesNoGroupAndSilentStockIsReleased()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Ports.AnswerInTurn("reserve:", PortAnswer.Refused, PortAnswer.Unavailable);
        var group = silo.Group(Id);
        var termsRequest = new GroupTermsRequest
        {
            Title = "Tea",
            Sku = "tea",
            UnitPrice = new Money(1_500, "CNY"),
        };
        Assert.Equal(RefusalCode.StockInsufficient, (await group.Publish(termsRequest)).Refusal!.Code);
        Assert.Equal(RefusalCode.GroupNotFound, (await group.Get()).Refusal!.Code);
        Assert.Equal(RefusalCode.InventoryUnavailable, (await group.Publish(termsRequest)).Refusal!.Code);
        await silo.Ports.CalledAsync("release:");
        Assert.Equal(ReplyOutcome.Created, (await group.Publish(termsRequest)).Outcome);
        Assert.Equal(ReplyOutcome.Done, (await group.Publish(termsRequest)).Outcome);
        Assert.Equal(
            [$"reserve:{Id}:1", $"reserve:{Id}:2", $"reserve:{Id}:3"],
            silo.Ports.Calls.Keys.Where(key => key.StartsWith("reserve:", StringComparison.Ordinal)).Order()
        );
    }

    [Fact]
    public async Task VouchersEndWithTheDailyScan()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(
            Id,
            minGroupSize: 1,
            with: termsRequest => termsRequest with { VoucherValidity = TimeSpan.FromHours(1) }
        );
        var joined = await group.Join(new JoinGroup("user-1"));
        await group.Pay(new PayOrder(1, "pay-1", joined.Value!.Total));
        await TestSilo.UntilAsync(group, view => view.State == GroupPhase.Fulfilled);
        await silo.ProjectedAsync(Id, GroupPhase.Fulfilled);
        silo.Time.Advance(TimeSpan.FromHours(25));
        // All 2,048 shards scan, some of them at a second try, for which time has to pass.
        await silo.AdvanceUntilAsync(
            TimeSpan.FromMilliseconds(100),
            () => TestSilo.UntilAsync(group, view => view.State == GroupPhase.Expired)
        );
        Assert.Equal(ExpiryReason.VouchersLapsed, (await group.Get()).Value!.Reason);
        await TestSilo.UntilAsync(group, 1, order => order.Status == OrderStatus.Refunded);
    }

    [Fact]
    public async Task MalformedKeyIsRefusedClearly()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = silo.Group("nonsense");
        Assert.Equal(RefusalCode.GroupNotFound, (await group.Get()).Refusal!.Code);
        Assert.Equal(RefusalCode.OrderNotFound, (await group.Join(new JoinGroup("user-1"))).Refusal!.Code);
        Assert.Equal(0, await group.WaitForEvents(0));
    }

    [Fact]
    public async Task BackstopReminderIsThereWhileTheGroupIsUndecidedAndSettlesIt()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(
            Id,
            with: termsRequest => termsRequest with { Timeout = TimeSpan.FromMinutes(10) }
        );
        await silo.RemindersAsync(group, 1);
        silo.Time.SetUtcNow(silo.Time.GetUtcNow() + TimeSpan.FromMinutes(11));
        await group.AsReference<IRemindable>().ReceiveReminder("deadline", default);
        Assert.Equal(GroupPhase.Expired, (await group.Get()).Value!.State);
        await silo.RemindersAsync(group, 0);
    }

    [Fact]
    public async Task DrainingSiloIsNotReadyAndStillAnswers()
    {
        await using var silo = await TestSilo.StartAsync();
        var group = await silo.PublishAsync(Id);
        var gate = silo.Get<Hosting.SiloGate>();
        Assert.Null(gate.ClosedBecause);
        var poll = group.WaitForEvents(long.MaxValue - 1);
        gate.Drain();
        Assert.NotNull(gate.ClosedBecause);
        Assert.Equal((await group.Get()).Value!.Sequence, await poll.WaitAsync(TestSilo.Bound));
    }
}
