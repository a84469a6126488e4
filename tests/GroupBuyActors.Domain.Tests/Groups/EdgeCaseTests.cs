using GroupBuyActors.Events;
using GroupBuyActors.Ports;
using GroupBuyActors.Simulation;

namespace GroupBuyActors.Groups;

/// <summary>
/// The cases at the edges that every group-buying system meets, each by its name in the survey of such systems. Most of
/// them lose money, seats or stock at some of these; what is asserted is what ours promises.
/// </summary>
public sealed class EdgeCaseTests
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(30);

    [Theory]
    [InlineData(-1, null)]
    [InlineData(0, RefusalCode.GroupClosed)]
    public void JoinAtTheDeadline_TheInstantOfTheDeadlineBelongsToThePast(int milliseconds, RefusalCode? refusal)
    {
        var world = Scenes.Published(3, 5);
        world.JoinAll("ann", "bob", "cho");
        world.Clock = world.View.Terms.Deadline.AddMilliseconds(milliseconds);
        Assert.Equal(refusal, world.Join("dan").Refusal?.Code);
    }

    [Fact]
    public void PaymentBeforeTheDeadlineWithACallbackAfterIt_TheGroupIsDecidedOnWhatIsCommittedAndThePaymentRefunded()
    {
        var world = Scenes.Published();
        world.Clock = world.View.Terms.Deadline.AddMinutes(-1);
        world.JoinAll("ann");
        world.Provider.Pay(world.OrderId(1), "before", Scenes.Price);
        world.AdvanceTo(world.View.Terms.Deadline);
        Assert.Equal((GroupPhase.Expired, OrderStatus.Closed), (world.View.State, world.Order(1).Status));
        world.RunToTheEnd();
        AssertMoneyIsBack(world, 1, "before");
    }

    [Fact]
    public void PaymentMadeBeforeTheDeadlineAndCalledBackAfterIt_CountsWhereTheGroupHasSucceeded()
    {
        var world = Scenes.Published(2);
        world.JoinAll("ann");
        world.Pay(1);
        world.Clock = world.View.Terms.Deadline.AddMinutes(-1);
        world.JoinAll("bob");
        world.RunDue();
        world.AdvanceTo(world.View.Terms.Deadline.AddMinutes(5));
        Assert.Equal((ReplyOutcome.Done, GroupPhase.Fulfilled), (world.Pay(2).How, world.View.State));
    }

    [Fact]
    public void LatePaymentAfterTheGroupExpired_IsAcceptedAndGoesBackByItselfAndNothingReopens()
    {
        var world = Scenes.Published();
        world.JoinAll("ann");
        world.Do(new GroupCommand.Withdraw());
        Assert.Equal(ReplyOutcome.Accepted, world.Pay(1, "late").How);
        Assert.Equal(
            (GroupPhase.Expired, OrderStatus.Refunding, 0),
            (world.View.State, world.Order(1).Status, world.View.SeatsTaken)
        );
        world.RunToTheEnd();
        AssertMoneyIsBack(world, 1, "late");
    }

    [Fact]
    public void LatePaymentForASeatThatWasClosed_GoesBackEvenWhereASeatIsFree()
    {
        var world = Scenes.Published();
        world.JoinAll("ann");
        world.Advance(Window);
        Assert.Equal(OrderStatus.Closed, world.Order(1).Status);
        Assert.Equal(ReplyOutcome.Accepted, world.Pay(1, "late").How);
        Assert.Equal((GroupPhase.Opening, 0), (world.View.State, world.View.SeatsPaid));
        world.RunToTheEnd();
        AssertMoneyIsBack(world, 1, "late");
    }

    [Fact]
    public void DuplicateCallbacks_TheSameIsAnsweredAlikeWithoutAnEventAndAnythingElseIsExcessThatGoesBack()
    {
        var world = Scenes.Published();
        world.JoinAll("ann");
        var (first, again) = (world.Pay(1, "p"), world.Pay(1, "p"));
        Assert.Equal((first.How, 0), (again.How, again.Events.Count));
        world.Tell(new PayOrder(1, "p", Scenes.Price with { Amount = 1 })).Refused(RefusalCode.PaymentConflict);
        var other = world.Pay(1, "q");
        Assert.Equal(ReplyOutcome.Accepted, other.How);
        Assert.NotNull(other.Warning);
        world.RunDue();
        AssertMoneyIsBack(world, 1, "q");
        Assert.False(world.Provider.IsRefunded(world.OrderId(1), "p"));
        Assert.Equal(OrderStatus.Paid, world.Order(1).Status);
    }

    [Fact]
    public void RefundFailure_IsTriedAgainUnderItsNumberUntilTheMoneyIsBack()
    {
        var world = Paid();
        world.RequestRefund(1);
        var number = Assert.Single(world.TasksOf(Refund.TypeName));
        var tries = 0;
        world.NextFault = () => ++tries < 5 ? Fault.CallLost : Fault.None;
        world.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(5, tries);
        Assert.Equal(OrderStatus.Refunded, world.Order(1).Status);
        Assert.DoesNotContain(number.Key.Id, world.Tasks.Keys);
        Assert.Single(world.Events.OfType<OrderRefunded>());
    }

    [Fact]
    public void LeaderQuits_TheGroupGoesOnWithoutTheFirstBuyer()
    {
        var world = Scenes.Published(2, 3);
        world.JoinAll("ann", "bob");
        world.Do(new GroupCommand.Cancel(1));
        Assert.Equal(GroupPhase.Success, world.View.State);
        world.JoinAll("cho");
        world.PayAll(2, 3);
        world.Do(new GroupCommand.EndJoining(null));
        world.RunDue();
        Assert.Equal((GroupPhase.Fulfilled, OrderStatus.Closed), (world.View.State, world.Order(1).Status));
    }

    [Fact]
    public void OverSubscriptionOfAHotGroup_NoSeatIsGivenTwice()
    {
        var world = Scenes.Published(3, 10);
        var answers = Enumerable.Range(1, 100).Select(n => world.Join($"user-{n}").Refusal?.Code).ToList();
        Assert.Equal(10, answers.Count(code => code is null));
        Assert.All(answers.Skip(10), code => Assert.Equal(RefusalCode.GroupFull, code));
        Assert.Equal((10, 10), (world.View.SeatsTaken, world.View.Buyers));
    }

    [Fact]
    public void OversellOfStock_WhatIsNotReservedIsNotPublished()
    {
        var world = new World();
        world.Inventory.SetAvailable(2);
        world.Publish(Scenes.Offer(3)).Refused(RefusalCode.StockInsufficient);
        Assert.Null(world.State.View());
        Assert.Null(world.Publish(Scenes.Offer(2)).Refusal);
        Assert.Equal((0, 2), (world.Inventory.Available, world.Inventory.Reserved));
    }

    [Theory]
    [InlineData(CountBy.Paid, ExpiryReason.Timeout)]
    [InlineData(CountBy.Joined, ExpiryReason.PaymentShortfall)]
    public void PartialPaymentAtTheThreshold_OnlyPaidSeatsMakeAGroupAndTheThirdIsAskedAfterFirst(
        CountBy countBy,
        ExpiryReason reason
    )
    {
        var world = Scenes.Published(Scenes.Offer() with { CountBy = countBy });
        world.JoinAll("ann", "bob");
        world.PayAll(1, 2);
        world.Clock = world.View.Terms.Deadline.AddMinutes(-1);
        world.JoinAll("cho");
        world.RunToTheEnd();
        Assert.Equal((GroupPhase.Expired, reason), (world.View.State, world.View.Reason));
        Assert.Equal(
            [OrderStatus.Refunded, OrderStatus.Refunded, OrderStatus.Closed],
            Enumerable.Range(1, 3).Select(n => world.Order(n).Status)
        );
    }

    [Fact]
    public void PartialPaymentAtTheThreshold_TheThirdsMoneyIsFoundByAskingAndTheGroupIsFulfilled()
    {
        var world = Scenes.Published();
        world.JoinAll("ann", "bob", "cho");
        world.PayAll(1, 2);
        world.Provider.Pay(world.OrderId(3), "untold", Scenes.Price);
        world.RunDue();
        world.Advance(Window);
        Assert.Equal((GroupPhase.Fulfilled, OrderStatus.VoucherIssued), (world.View.State, world.Order(3).Status));
    }

    [Theory]
    [InlineData(2, 3)]
    [InlineData(3, 2)]
    public void TwoLastPayersAtOnce_MakeOneSuccessInEitherOrder(int first, int second)
    {
        var world = Scenes.Published(Scenes.Offer(2, 3) with { CountBy = CountBy.Paid });
        world.JoinAll("ann", "bob", "cho");
        world.PayAll(1, first, second);
        world.RunToTheEnd();
        Assert.Equal(
            (1, 1),
            (world.Events.OfType<GroupSucceeded>().Count(), world.Events.OfType<GroupFulfilled>().Count())
        );
        Assert.Equal(3, world.Events.OfType<VoucherIssued>().Count());
    }

    [Fact]
    public void CampaignEditedMidway_TheGroupKeepsTheTermsItsBuyersSaw()
    {
        var world = Paid();
        var terms = world.View.Terms;
        world
            .Publish(Scenes.Offer() with { UnitPrice = Scenes.Price with { Amount = 1 } })
            .Refused(RefusalCode.GroupExists);
        Assert.Equal(terms, world.View.Terms);
    }

    [Fact]
    public void ClockSkew_ATimerMayBeLateNeverEarlyAndTimeNeverRunsBack()
    {
        var world = Scenes.Published();
        world.JoinAll("ann");
        var deadline = Assert.Single(world.TasksOf(GroupDeadline.TypeName));
        world.Clock = deadline.Key.Due.AddMilliseconds(-1);
        Assert.Equal(TimeSpan.FromMilliseconds(1), world.Do(new GroupCommand.Settle(), deadline.Key).NotYet);
        Assert.Equal(GroupPhase.Opening, world.View.State);
        // The group moves to a machine whose clock is ten minutes behind.
        var last = world.Journal[^1].Time;
        world.Clock = last.AddMinutes(-10);
        world.JoinAll("bob");
        Assert.Equal(last, world.Journal[^1].Time);
    }

    [Fact]
    public void UserJoinsTwice_HoldsOneLiveSeatAndMayComeBackAfterARefund()
    {
        var world = Paid();
        world.Join("ann").Refused(RefusalCode.OrderLimitReached);
        world.RequestRefund(1);
        Assert.Null(world.Join("ann").Refusal);
    }

    [Fact]
    public void CancelAfterSuccess_ARefundNeverUnformsTheGroup()
    {
        var world = Scenes.Published(2, 3);
        world.JoinAll("ann", "bob");
        world.PayAll(1, 2);
        world.RunDue();
        world.Do(new GroupCommand.Cancel(1)).Refused(RefusalCode.OrderNotCancellable);
        Assert.Equal(ReplyOutcome.Accepted, world.RequestRefund(1).How);
        world.RunDue();
        Assert.Equal(
            (GroupPhase.Success, OrderStatus.Refunded, 1),
            (world.View.State, world.Order(1).Status, world.View.SeatsTaken)
        );
    }

    [Fact]
    public void PaymentWindowCrossesTheDeadline_SuccessKeepsItsPendingOrdersToTheEndOfTheirs()
    {
        var world = Scenes.Published(2);
        world.JoinAll("ann");
        world.Pay(1);
        world.Clock = world.View.Terms.Deadline.AddMinutes(-1);
        world.JoinAll("bob");
        Assert.Equal(world.Clock + Window, world.Order(2).ClosesAt);
        world.AdvanceTo(world.Order(2).ClosesAt.AddMilliseconds(-1));
        Assert.Equal((GroupPhase.Success, OrderStatus.PendingPayment), (world.View.State, world.Order(2).Status));
        world.AdvanceTo(world.Order(2).ClosesAt);
        Assert.Equal((GroupPhase.Expired, ExpiryReason.PaymentShortfall), (world.View.State, world.View.Reason));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void StockReleasedWhileTheUserIsPaying_TheSeatsUnitGoesBackOnlyWhereTheCloseWon(bool paymentWins)
    {
        var world = Scenes.Published(2, 3);
        world.JoinAll("ann", "bob");
        world.PayAll(1, 2);
        world.RunDue();
        world.JoinAll("cho");
        world.Clock = world.Order(3).ClosesAt;
        var close = world.TasksOf(OrderClose.TypeName).Single();
        if (paymentWins)
            world.Pay(3, "racing");
        world.Do(new GroupCommand.CloseUnpaid(3, new PaymentFindings(PortAnswer.Done, [])), close.Key);
        if (!paymentWins)
            Assert.Equal(ReplyOutcome.Accepted, world.Pay(3, "racing").How);
        world.RunToTheEnd();
        Assert.Equal(paymentWins ? OrderStatus.VoucherIssued : OrderStatus.Refunded, world.Order(3).Status);
        Assert.Equal(paymentWins ? 3 : 2, world.Inventory.Deducted);
        Assert.Equal(0, world.Inventory.Reserved);
        Assert.Equal(1_000_000, world.Inventory.Total);
    }

    [Fact]
    public void SagaStockOkNotifyFails_NothingIsCompensated()
    {
        var world = Scenes.Published(2);
        world.JoinAll("ann", "bob");
        world.Run(world.TasksOf(SuccessSaga.TypeName).Single());
        // The notices are never handed over.
        foreach (var notice in world.TasksOf(Notify.TypeName).ToList())
            world.Tasks.Remove(notice.Key.Id);
        world.PayAll(1, 2);
        world.RunDue();
        Assert.Equal(GroupPhase.Fulfilled, world.View.State);
        Assert.DoesNotContain(world.Events, happened => happened is OrderRefundRequested or GroupExpired);
    }

    [Fact]
    public void TimerLostOnCrash_DueTimesAreInTheStateAndAnyCallAppliesThem()
    {
        var world = Paid();
        world.Reactivate();
        world.Clock = world.View.Terms.Deadline;
        // Not one of its tasks fires: whoever calls, a reminder at the latest, finds out.
        GroupMachine.Handle(world.State, new GroupCommand.Settle(), world.Context());
        Assert.Equal((GroupPhase.Expired, ExpiryReason.Timeout), (world.View.State, world.View.Reason));
        Assert.Equal(OrderStatus.Refunding, world.Order(1).Status);
    }

    /// <summary>A group that one of three has joined and paid for.</summary>
    private static World Paid()
    {
        var world = Scenes.Published();
        world.JoinAll("ann");
        world.Pay(1);
        return world;
    }

    private static void AssertMoneyIsBack(World world, int order, string paymentId)
    {
        Assert.True(world.Provider.IsRefunded(world.OrderId(order), paymentId));
        Assert.Equal(PaymentState.Refunded, world.Payments[(world.OrderId(order), paymentId)].State);
        Assert.Single(
            world.Events,
            happened =>
                happened is OrderRefunded refunded && refunded.PaymentId == paymentId
                || happened is PaymentRefunded excess && excess.PaymentId == paymentId
        );
    }
}
