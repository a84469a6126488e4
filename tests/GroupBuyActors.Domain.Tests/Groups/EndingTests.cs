using GroupBuyActors.Events;
using GroupBuyActors.Simulation;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

public sealed class EndingTests
{
    [Fact]
    public void DeadlineBelowTheThresholdEndsTheGroupClosesRefundsAndGivesTheAllocationBack()
    {
        var world = Scenes.Published(Scenes.Offer() with { PaymentWindow = TimeSpan.FromHours(48) });
        world.JoinAll("ann", "bob");
        world.PayAll(1);
        world.AdvanceTo(world.View.Terms.Deadline);
        Assert.Equal((GroupPhase.Expired, ExpiryReason.Timeout), (world.View.State, world.View.Reason));
        Assert.Equal("GROUP_EXPIRED", world.Events.OfType<GroupExpired>().Single().LegacyName);
        Assert.Equal((OrderStatus.Refunded, OrderStatus.Closed), (world.Order(1).Status, world.Order(2).Status));
        Assert.Equal(CloseReason.GroupEnded, world.Order(2).CloseReason);
        Assert.Equal(3, world.Inventory.Reserved);
        world.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(0, world.Inventory.Reserved);
        Assert.Equal(new StockFigures(3, 0, 0, 3), world.State.Stock);
    }

    [Fact]
    public void StockIsReleasedFiveSecondsAfterTheCommitThatEndedTheGroup()
    {
        var world = Scenes.Published();
        world.Do(new GroupCommand.Withdraw());
        var task = world.TasksOf(StockRollback.TypeName).Single();
        Assert.Equal(World.Start.AddSeconds(5), task.Key.Due);
        var release = StockRollback.Type.Read(task.Payload).Release;
        Assert.Equal(("release:10042.SH-PUDONG.tea-1123:1", 3, 0), (release.Key, release.Units, release.Returned));
    }

    [Fact]
    public void AnyCommandFirstAppliesADeadlineThatHasPassed()
    {
        foreach (
            var command in new GroupCommand[]
            {
                new GroupCommand.Join(new JoinGroup("cho")),
                new GroupCommand.Pay(new PayOrder(9, "p", Scenes.Price)),
                new GroupCommand.Withdraw(),
                new GroupCommand.EndJoining(null),
                new GroupCommand.Cancel(9),
                new GroupCommand.Settle(),
                new GroupCommand.Publish(Scenes.Offer()),
            }
        )
        {
            var world = Scenes.Published();
            world.JoinAll("ann");
            world.Clock = world.View.Terms.Deadline;
            world.Do(command);
            Assert.Equal(ExpiryReason.Timeout, world.View.Reason);
            Assert.DoesNotContain(world.Tasks.Values, task => task.Type == GroupDeadline.TypeName);
        }
    }

    [Fact]
    public void PaymentInTheMillisecondOfTheDeadlineIsLateAndGoesBack()
    {
        var world = Scenes.Published(Scenes.Offer() with { PaymentWindow = TimeSpan.FromHours(48) });
        world.JoinAll("ann");
        world.Clock = world.View.Terms.Deadline;
        var result = world.Pay(1);
        Assert.Equal((ReplyOutcome.Accepted, OrderStatus.Refunding), (result.How, world.Order(1).Status));
    }

    [Fact]
    public void DeadlineFiredEarlyIsToldToWaitEvenIfMovedForwardByHand()
    {
        var world = Scenes.Published();
        var task = world.TasksOf(GroupDeadline.TypeName).Single();
        world.Clock = task.Key.Due.AddMilliseconds(-3);
        Assert.Equal(TimeSpan.FromMilliseconds(3), world.Do(new GroupCommand.Settle(), task.Key).NotYet);
        var moved = world.Do(new GroupCommand.Settle(), task.Key with { Due = world.Clock });
        Assert.Equal(TimeSpan.FromMilliseconds(3), moved.NotYet);
        Assert.Empty(moved.Removals);
        world.Clock = task.Key.Due;
        Assert.Contains(task.Key, world.Do(new GroupCommand.Settle(), task.Key).Removals);
    }

    [Fact]
    public void WithdrawnGroupHasTheConsequencesOfATimeout()
    {
        var world = Scenes.Published();
        world.JoinAll("ann", "bob");
        world.PayAll(1);
        Assert.Equal(ReplyOutcome.Done, world.Do(new GroupCommand.Withdraw()).How);
        Assert.Equal((GroupPhase.Expired, ExpiryReason.Withdrawn), (world.View.State, world.View.Reason));
        Assert.Equal((OrderStatus.Refunding, OrderStatus.Closed), (world.Order(1).Status, world.Order(2).Status));
        var again = world.Do(new GroupCommand.Withdraw());
        Assert.Null(again.Refusal);
        Assert.Empty(again.Events);
        world.RunToTheEnd();
        Assert.Equal(0, world.Inventory.Reserved);
    }

    [Fact]
    public void SuccessfulOrTimedOutGroupCannotBeWithdrawn()
    {
        var success = Scenes.Published(1);
        success.JoinAll("ann");
        success.Do(new GroupCommand.Withdraw()).Refused(RefusalCode.GroupNotWithdrawable);
        var late = Scenes.Published();
        late.Clock = late.View.Terms.Deadline;
        late.Do(new GroupCommand.Withdraw()).Refused(RefusalCode.GroupNotWithdrawable);
        new World().Do(new GroupCommand.Withdraw()).Refused(RefusalCode.GroupNotFound);
    }

    [Fact]
    public void JoiningEndsEarlyInSuccessOnlyAndOnce()
    {
        var world = Scenes.Published(2, 5);
        world.JoinAll("ann");
        world.Do(new GroupCommand.EndJoining(null)).Refused(RefusalCode.GroupNotSuccessful);
        world.JoinAll("bob");
        Assert.Single(
            world.Do(new GroupCommand.EndJoining(null)).Events,
            recorded => recorded.Event is GroupJoiningEnded { Reason: JoiningEndReason.EndedEarly }
        );
        Assert.Empty(world.Do(new GroupCommand.EndJoining(null)).Events);
        world.Join("cho").Refused(RefusalCode.GroupClosed);
        world.PayAll(1, 2);
        world.RunDue();
        Assert.Equal(GroupPhase.Fulfilled, world.View.State);
        Assert.Null(world.Do(new GroupCommand.EndJoining(null)).Refusal);
        new World().Do(new GroupCommand.EndJoining(null)).Refused(RefusalCode.GroupNotFound);
    }

    [Fact]
    public void FullAndPaidGroupIsFulfilledBeforeItsDeadline()
    {
        var world = Scenes.Fulfilled();
        Assert.Equal(World.Start, world.View.FulfilledAt);
        Assert.Equal(
            ["group.joining-ended", "group.fulfilled", "voucher.issued", "voucher.issued", "voucher.issued"],
            world.Names.Where(name =>
                name.StartsWith("group.joining", StringComparison.Ordinal)
                || name == "group.fulfilled"
                || name == "voucher.issued"
            )
        );
        Assert.All([1, 2, 3], order => Assert.Equal(World.Start.AddDays(30), world.Order(order).VoucherValidUntil));
        Assert.Empty(world.TasksOf(GroupDeadline.TypeName));
    }

    [Fact]
    public void SuccessKeepsItsPendingOrdersPastTheDeadline()
    {
        var world = Scenes.Published(2, 5);
        world.Clock = world.View.Terms.Deadline.AddMinutes(-1);
        world.JoinAll("ann", "bob");
        world.PayAll(1);
        world.AdvanceTo(world.View.Terms.Deadline);
        Assert.Equal((GroupPhase.Success, OrderStatus.PendingPayment), (world.View.State, world.Order(2).Status));
        world.Join("cho").Refused(RefusalCode.GroupClosed);
        world.Advance(TimeSpan.FromMinutes(10));
        world.PayAll(2);
        Assert.Equal(GroupPhase.Fulfilled, world.View.State);
    }

    [Fact]
    public void TooFewPayersAtTheEndIsAShortfall()
    {
        var world = Scenes.Published(2, 2);
        world.JoinAll("ann", "bob");
        world.PayAll(1);
        world.AdvanceTo(world.View.Terms.Deadline);
        Assert.Equal(ExpiryReason.PaymentShortfall, world.View.Reason);
        world.RunToTheEnd();
        Assert.Equal(OrderStatus.Refunded, world.Order(1).Status);
        Assert.Equal((0, 0), (world.Inventory.Reserved, world.Inventory.Deducted));
    }

    [Fact]
    public void RefundAfterSuccessFreesTheSeatAndNeverMovesTheGroupBack()
    {
        var world = Scenes.Published(2, 2);
        world.JoinAll("ann", "bob");
        world.PayAll(1);
        world.RunDue();
        world.RequestRefund(1, "too late");
        Assert.Equal((GroupPhase.Success, 1), (world.View.State, world.View.SeatsTaken));
        world.JoinAll("cho");
        world.PayAll(2, 3);
        Assert.Equal(GroupPhase.Fulfilled, world.View.State);
        Assert.Equal(2, world.Inventory.Deducted);
    }

    [Fact]
    public void SettleAnswersTheGroupAndChangesNothingWhereNothingIsDue()
    {
        var world = Scenes.Published();
        var result = world.Do(new GroupCommand.Settle(new RequestKey("settle", "")));
        Assert.False(result.Changes);
        Assert.Equal(GroupPhase.OnShelf, Assert.IsType<GroupView>(result.Answer).State);
        new World().Do(new GroupCommand.Settle()).Refused(RefusalCode.GroupNotFound);
    }

    [Fact]
    public void TaskOfAGroupNobodyKnowsIsUnknown()
    {
        var world = new World();
        var task = new TaskKey(world.Id.Shard, World.Start, TaskIds.Of(world.Id.Actor, 3, GroupDeadline.TypeName));
        Assert.True(world.Do(new GroupCommand.Settle(), task).Unknown);
    }
}
