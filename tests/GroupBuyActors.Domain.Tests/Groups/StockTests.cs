using GroupBuyActors.Events;
using GroupBuyActors.Ports;
using GroupBuyActors.Simulation;

namespace GroupBuyActors.Groups;

public sealed class StockTests
{
    [Fact]
    public void SuccessDeductsTheSeatsThenTakenAndNotifiesTheirBuyersInTheCommitOfTheAnswer()
    {
        var world = Success("ann", "bob");
        var task = world.TasksOf(SuccessSaga.TypeName).Single();
        var work = SuccessSaga.Type.Read(task.Payload);
        Assert.Equal(
            new StockDeduction(
                "deduct:10042.SH-PUDONG.tea-1123:1",
                "reserve:10042.SH-PUDONG.tea-1123:1",
                world.Id,
                "tea-250",
                2
            ),
            work.Deduction
        );
        world.JoinAll("cho");
        var result = world.Do(
            new GroupCommand.Deducted(1, world.Inventory.Deduct(work.Deduction, Fault.None)),
            task.Key
        );
        Assert.Equal(
            ["stock.deducted", "buyers.notified"],
            result.Events.Select(recorded => GroupEvents.NameOf(recorded.Event))
        );
        Assert.Equal(new BuyersNotified("success", 1, 3, 3), result.Events[1].Event);
        Assert.Equal(
            3,
            result.Schedules.Count(scheduled => scheduled.Type == Notify.TypeName && scheduled.Key.Due == World.Start)
        );
        world.RunDue();
        Assert.Equal(
            [
                "notice:10042.SH-PUDONG.tea-1123.1:success",
                "notice:10042.SH-PUDONG.tea-1123.2:success",
                "notice:10042.SH-PUDONG.tea-1123.3:success",
            ],
            world.Notices.Order()
        );
    }

    [Fact]
    public void NoticeThatCannotBeHandedOverCompensatesNothing()
    {
        var world = Success("ann", "bob");
        world.PayAll(1, 2);
        world.Do(new GroupCommand.EndJoining(null));
        var saga = world.TasksOf(SuccessSaga.TypeName).Single();
        world.Run(saga);
        Assert.Equal(GroupPhase.Fulfilled, world.View.State);
        Assert.Equal(2, world.TasksOf(Notify.TypeName).Count());
        Assert.Empty(world.Notices);
    }

    [Fact]
    public void OnlyBuyersWhoStillHoldSeatsAreNotified()
    {
        var world = Success("ann", "bob");
        world.Do(new GroupCommand.Cancel(1));
        world.RunDue();
        Assert.Equal(["notice:10042.SH-PUDONG.tea-1123.2:success"], world.Notices);
    }

    [Fact]
    public void DeductionRefusedEndsTheGroupWithoutANoticeAndGivesAllBack()
    {
        var world = Success("ann", "bob");
        world.PayAll(1);
        world.NextFault = () => Fault.Refused;
        world.RunDue();
        Assert.Equal((GroupPhase.Expired, ExpiryReason.StockUnavailable), (world.View.State, world.View.Reason));
        Assert.Empty(world.TasksOf(Notify.TypeName));
        world.RunToTheEnd();
        Assert.Equal((0, 0), (world.Inventory.Reserved, world.Inventory.Deducted));
        Assert.Equal((OrderStatus.Refunded, OrderStatus.Closed), (world.Order(1).Status, world.Order(2).Status));
        Assert.Empty(world.Notices);
    }

    [Fact]
    public void DeductionThatArrivesAfterCompensationHasNoEffect()
    {
        foreach (var lost in new[] { Fault.CallLost, Fault.AnswerLost })
        {
            var world = Success("ann", "bob");
            world.NextFault = () => lost;
            world.AdvanceTo(World.Start.AddMinutes(1));
            Assert.Equal(ExpiryReason.StockUnavailable, world.View.Reason);
            world.NextFault = () => Fault.None;
            world.Advance(TimeSpan.FromMinutes(2));
            world.Inventory.DeliverLost();
            Assert.Equal((0, 0), (world.Inventory.Reserved, world.Inventory.Deducted));
            Assert.Empty(world.Do(new GroupCommand.Deducted(1, PortReply.Done)).Events);
            Assert.Equal(["deduct:10042.SH-PUDONG.tea-1123:1"], Release(world).UndoDeductions);
        }
    }

    [Fact]
    public void SeatClosedAfterDeductionBacksTheNextJoin()
    {
        var world = Success("ann", "bob");
        world.RunDue();
        world.Do(new GroupCommand.Cancel(1));
        Assert.Empty(world.TasksOf(StockRollback.TypeName));
        world.JoinAll("cho", "dan", "eve");
        world.PayAll(2, 3, 4, 5);
        Assert.Equal(4, world.View.SeatsPaid);
        world.Do(new GroupCommand.EndJoining(null));
        world.RunDue();
        Assert.Equal(GroupPhase.Fulfilled, world.View.State);
        Assert.Equal([2, 2], world.Events.OfType<StockDeducted>().Select(deducted => deducted.Units));
        world.RunToTheEnd();
        Assert.Equal((0, 4), (world.Inventory.Reserved, world.Inventory.Deducted));
    }

    [Fact]
    public void SettlementWaitsForTheDeductionInFlight()
    {
        var world = Success("ann", "bob");
        world.Do(new GroupCommand.EndJoining(null));
        world.Do(new GroupCommand.Cancel(1));
        world.Do(new GroupCommand.Cancel(2));
        Assert.Equal(GroupPhase.Success, world.View.State);
        world.RunDue();
        Assert.Equal(ExpiryReason.PaymentShortfall, world.View.Reason);
        world.RunToTheEnd();
        Assert.Equal((0, 0), (world.Inventory.Reserved, world.Inventory.Deducted));
    }

    [Fact]
    public void SettlementThatCannotHaveItsStockRefundsWhoCameAfterSuccessOnceAndDecidesAgain()
    {
        var world = new World { DeductionsRefusedFrom = 2 };
        world.Publish(Scenes.Offer(2, 5));
        world.JoinAll("ann", "bob");
        world.RunDue();
        world.JoinAll("cho", "dan");
        world.PayAll(1, 2, 3, 4);
        world.Do(new GroupCommand.EndJoining(null));
        Assert.Equal(GroupPhase.Success, world.View.State);
        world.RunDue();
        Assert.Equal(GroupPhase.Fulfilled, world.View.State);
        Assert.Equal(
            [OrderStatus.VoucherIssued, OrderStatus.VoucherIssued, OrderStatus.Refunded, OrderStatus.Refunded],
            Enumerable.Range(1, 4).Select(order => world.Order(order).Status)
        );
        Assert.Equal(
            2,
            world.Events.OfType<OrderRefundRequested>().Count(refund => refund.Reason == RefundReason.StockUnavailable)
        );
        world.RunToTheEnd();
        Assert.Equal((0, 2), (world.Inventory.Reserved, world.Inventory.Deducted));
    }

    [Fact]
    public void FailedSettlementMayEndInAShortfall()
    {
        var world = new World { DeductionsRefusedFrom = 2 };
        world.Publish(Scenes.Offer(2, 5));
        world.JoinAll("ann", "bob");
        world.RunDue();
        world.Do(new GroupCommand.Cancel(1));
        world.JoinAll("cho", "dan");
        world.PayAll(2, 3, 4);
        world.Do(new GroupCommand.EndJoining(null));
        world.RunToTheEnd();
        Assert.Equal(ExpiryReason.PaymentShortfall, world.View.Reason);
        Assert.All([2, 3, 4], order => Assert.Equal(OrderStatus.Refunded, world.Order(order).Status));
        Assert.Equal((0, 0), (world.Inventory.Reserved, world.Inventory.Deducted));
    }

    [Fact]
    public void NobodyIsRefundedForStockThatIsNoLongerMissing()
    {
        var world = new World { DeductionsRefusedFrom = 2 };
        world.Publish(Scenes.Offer(2, 5));
        world.JoinAll("ann", "bob");
        world.RunDue();
        world.JoinAll("cho");
        world.PayAll(1, 2, 3);
        world.Do(new GroupCommand.EndJoining(null));
        world.RequestRefund(1);
        world.RunDue();
        Assert.Equal(GroupPhase.Fulfilled, world.View.State);
        Assert.Equal(
            (OrderStatus.VoucherIssued, OrderStatus.VoucherIssued),
            (world.Order(2).Status, world.Order(3).Status)
        );
        world.RunToTheEnd();
        Assert.Equal((0, 2), (world.Inventory.Reserved, world.Inventory.Deducted));
    }

    [Fact]
    public void FailedReturnOfSurplusDoesNotHoldUpFulfilment()
    {
        var world = Success("ann", "bob");
        world.RunDue();
        world.Do(new GroupCommand.Cancel(1));
        world.JoinAll("cho", "dan");
        world.PayAll(2, 3, 4);
        world.RequestRefund(4);
        world.RequestRefund(3);
        world.JoinAll("eve");
        world.PayAll(5);
        world.NextFault = () => Fault.CallLost;
        world.Do(new GroupCommand.EndJoining(null));
        Assert.Equal(GroupPhase.Fulfilled, world.View.State);
        world.Advance(TimeSpan.FromMinutes(10));
        Assert.Single(world.TasksOf(StockRollback.TypeName));
        Assert.Single(world.Events, happened => happened is GroupFulfilled);
        world.RunToTheEnd();
        Assert.Equal((0, 2), (world.Inventory.Reserved, world.Inventory.Deducted));
        Assert.Single(world.Events, happened => happened is StockReleased);
    }

    [Fact]
    public void SurplusOfDeductedUnitsIsReturnedAtFulfilmentInOneRelease()
    {
        var world = Scenes.Published(Scenes.Offer(2, 5) with { PerUserLimit = 3 });
        world.Join("ann", 3);
        world.JoinAll("bob");
        world.RunDue();
        world.Do(new GroupCommand.Cancel(1));
        world.JoinAll("cho");
        world.PayAll(2, 3);
        world.Do(new GroupCommand.EndJoining(null));
        var release = Release(world);
        Assert.Equal((1, 2), (release.Units, release.Returned));
        world.RunToTheEnd();
        Assert.Equal(new StockFigures(5, 0, 2, 3), world.State.Stock);
    }

    [Fact]
    public void UnitsThatNobodyCanBuyAnyMoreGoBackBeforeSettlement()
    {
        var world = Scenes.Published(2, 10);
        world.JoinAll("ann", "bob");
        world.RunDue();
        world.JoinAll("cho", "dan");
        world.Do(new GroupCommand.EndJoining(null));
        Assert.Equal((6, 0), (Release(world).Units, Release(world).Returned));
        world.Do(new GroupCommand.Cancel(4));
        Assert.Equal(1, Release(world).Units);
        world.Do(new GroupCommand.Cancel(1));
        Assert.Equal(1, Release(world).Units);
        // Two are deducted and two hold seats: a further seat that closes is surplus of the deduction and waits for
        // settlement.
        world.Do(new GroupCommand.Cancel(2));
        Assert.Equal(3, world.State.Ledger.Releases.Count);
        world.RunToTheEnd();
        Assert.Equal((0, 0), (world.Inventory.Reserved, world.Inventory.Deducted));
    }

    [Fact]
    public void FreedSeatStillOnSaleIsNotReleased()
    {
        var world = Scenes.Published();
        world.JoinAll("ann");
        world.Do(new GroupCommand.Cancel(1));
        Assert.Empty(world.TasksOf(StockRollback.TypeName));
        Assert.Equal(new StockFigures(3, 3, 0, 0), world.State.Stock);
    }

    [Fact]
    public void AnswersAgainChangeNothing()
    {
        var world = Success("ann", "bob");
        world.RunDue();
        Assert.Empty(world.Do(new GroupCommand.Deducted(1, PortReply.Done)).Events);
        Assert.Empty(world.Do(new GroupCommand.Deducted(1, new PortReply(PortAnswer.Refused))).Events);
        world.Do(new GroupCommand.EndJoining(null));
        world.RunToTheEnd();
        Assert.Empty(world.Do(new GroupCommand.Released(1)).Events);
    }

    private static World Success(params string[] users)
    {
        var world = Scenes.Published(2, 5);
        world.JoinAll(users);
        return world;
    }

    private static StockRelease Release(World world)
    {
        var cause = world.State.Ledger.Releases.Count;
        return world
                .Tasks.Values.Where(task => task.Type == StockRollback.TypeName)
                .Select(task => StockRollback.Type.Read(task.Payload))
                .SingleOrDefault(work => work.Cause == cause)
                ?.Release
            ?? new StockRelease(
                "",
                "",
                world.Id,
                "",
                world.State.Ledger.Releases[^1].Units,
                world.State.Ledger.Releases[^1].Returned
            )
            {
                UndoDeductions =
                    world
                        .State.Ledger.Releases[^1]
                        .UndoDeductions?.ConvertAll(failed => PortKeys.Deduct(world.Id, failed))
                    ?? [],
            };
    }
}
