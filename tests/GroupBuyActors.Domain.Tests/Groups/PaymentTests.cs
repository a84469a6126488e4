using GroupBuyActors.Events;
using GroupBuyActors.Ports;
using GroupBuyActors.Simulation;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

public sealed class PaymentTests
{
    private static readonly Money Wrong = Scenes.Price with { Amount = 1 };

    [Fact]
    public void RightPaymentPaysAndTakesTheCloseTaskAway()
    {
        var world = Joined();
        var result = world.Pay(1);
        Assert.Equal(
            (ReplyOutcome.Done, OrderStatus.Paid),
            (result.How, Assert.IsType<OrderView>(result.Answer).Status)
        );
        Assert.Equal(World.Start, world.Order(1).PaidAt);
        Assert.Equal(TaskIds.Of(world.Id.Actor, 4, OrderClose.TypeName), Assert.Single(result.Removals).Id);
        Assert.Equal((1, 1), (world.View.SeatsPaid, world.View.BuyersPaid));
        Assert.Equal(PaymentState.Held, Assert.Single(world.State.Payments()).State);
    }

    [Fact]
    public void RepeatedPaymentGetsTheSameAnswerAndChangesNothing()
    {
        var world = Joined();
        world.Pay(1);
        var again = world.Pay(1);
        Assert.Equal(ReplyOutcome.Done, again.How);
        Assert.Empty(again.Events);
        world.RequestRefund(1);
        Assert.Equal(OrderStatus.Refunding, Assert.IsType<OrderView>(world.Pay(1).Answer).Status);
    }

    [Fact]
    public void KnownPaymentWithAnotherAmountIsAConflict()
    {
        var world = Joined();
        world.Pay(1);
        world.Tell(new PayOrder(1, "pay-1", Wrong)).Refused(RefusalCode.PaymentConflict);
        world
            .Tell(new PayOrder(1, "pay-1", Scenes.Price with { Currency = "EUR" }))
            .Refused(RefusalCode.PaymentConflict);
    }

    [Fact]
    public void WrongAmountIsAskedForAndIsExcessWhereTheProviderHasIt()
    {
        var world = Joined();
        Assert.NotNull(world.Do(new GroupCommand.Pay(new PayOrder(1, "p", Wrong))).Question);
        var result = world.Pay(1, "p", Wrong);
        Assert.Equal((ReplyOutcome.Accepted, OrderStatus.PendingPayment), (result.How, world.Order(1).Status));
        Assert.IsType<PaymentExcess>(Assert.Single(result.Events).Event);
        Assert.NotNull(result.Warning);
        Assert.Null(result.Alert);
        world.RunDue();
        Assert.True(world.Provider.IsRefunded(world.OrderId(1), "p"));
        Assert.Equal(OrderStatus.PendingPayment, world.Order(1).Status);
        Assert.Equal(ReplyOutcome.Accepted, world.Tell(new PayOrder(1, "p", Wrong)).How);
    }

    [Fact]
    public void WrongAmountThatTheProviderDeniesIsRefused()
    {
        var world = Joined();
        world.Tell(new PayOrder(1, "p", Wrong)).Refused(RefusalCode.PaymentAmountMismatch);
        world
            .Tell(new PayOrder(1, "p", Scenes.Price with { Currency = "EUR" }))
            .Refused(RefusalCode.PaymentAmountMismatch);
        world.Tell(new PayOrder(1, "p", Wrong), Fault.CallLost).Refused(RefusalCode.PaymentsUnavailable);
    }

    [Fact]
    public void UntrustedPaymentIsBelievedOnlyAfterAsking()
    {
        var world = Joined();
        world.Tell(new PayOrder(1, "forged", Scenes.Price, Trusted: false)).Refused(RefusalCode.PaymentAmountMismatch);
        world
            .Tell(new PayOrder(1, "forged", Scenes.Price, Trusted: false), Fault.CallLost)
            .Refused(RefusalCode.PaymentsUnavailable);
        Assert.Equal(OrderStatus.PendingPayment, world.Order(1).Status);
        Assert.Equal(ReplyOutcome.Done, world.Pay(1, "real", trusted: false).How);
        Assert.Equal(OrderStatus.Paid, world.Order(1).Status);
        world.Tell(new PayOrder(1, "forged", Scenes.Price, Trusted: false)).Refused(RefusalCode.PaymentAmountMismatch);
    }

    [Fact]
    public void MoneyForAClosedOrderIsAcceptedAndGoesBack()
    {
        var world = Joined();
        world.Do(new GroupCommand.Cancel(1));
        var result = world.Pay(1, "late", Scenes.Price with { Currency = "EUR" });
        Assert.Equal((ReplyOutcome.Accepted, OrderStatus.Refunding), (result.How, world.Order(1).Status));
        world.RunDue();
        Assert.Equal(OrderStatus.Refunded, world.Order(1).Status);
        Assert.True(world.Provider.IsRefunded(world.OrderId(1), "late"));
        Assert.Equal(ReplyOutcome.Accepted, world.Pay(1, "late", Scenes.Price with { Currency = "EUR" }).How);
    }

    [Fact]
    public void MoneyBeyondWhatAPaidOrderNeedsGoesBackBesideIt()
    {
        var world = Joined();
        world.Pay(1);
        var second = world.Pay(1, "second");
        Assert.Equal((ReplyOutcome.Accepted, OrderStatus.Paid), (second.How, world.Order(1).Status));
        world.RunDue();
        Assert.Equal(OrderStatus.Paid, world.Order(1).Status);
        Assert.Equal([PaymentState.Held, PaymentState.Refunded], world.State.Payments().Select(entry => entry.State));
    }

    [Fact]
    public void ProviderIsAskedBeforeAnOrderIsClosedAndPaidThereIsPaidHere()
    {
        var world = Joined();
        world.Provider.Pay(world.OrderId(1), "silent", Scenes.Price);
        world.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(OrderStatus.Paid, world.Order(1).Status);
        Assert.Equal("silent", world.State.Payments().Single().PaymentId);
    }

    [Fact]
    public void PaidAnotherAmountAtTheProviderIsClosedAndRefunded()
    {
        var world = Joined();
        world.Provider.Pay(world.OrderId(1), "short", Wrong);
        world.Provider.Pay(world.OrderId(1), "shorter", Wrong);
        world.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(OrderStatus.Refunded, world.Order(1).Status);
        Assert.All(["short", "shorter"], payment => Assert.True(world.Provider.IsRefunded(world.OrderId(1), payment)));
    }

    [Fact]
    public void ExactPaymentAmongOthersPaysAndTheOthersGoBack()
    {
        var world = Joined();
        world.Provider.Pay(world.OrderId(1), "short", Wrong);
        world.Provider.Pay(world.OrderId(1), "exact", Scenes.Price);
        world.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(OrderStatus.Paid, world.Order(1).Status);
        Assert.True(world.Provider.IsRefunded(world.OrderId(1), "short"));
    }

    [Fact]
    public void SilentProviderDoesNotKeepASeatForEver()
    {
        var world = Joined();
        world.NextFault = () => Fault.CallLost;
        world.Advance(TimeSpan.FromMinutes(31));
        Assert.Equal(OrderStatus.Closed, world.Order(1).Status);
    }

    [Fact]
    public void ClosesAtBindsOnlyOnceTheCloseIsCommitted()
    {
        var world = Joined();
        world.Clock = world.Order(1).ClosesAt.AddMinutes(1);
        Assert.Equal(ReplyOutcome.Done, world.Pay(1).How);
        Assert.Empty(world.Do(new GroupCommand.CloseUnpaid(1, Scenes.Silence)).Events);
        Assert.Equal(OrderStatus.Paid, world.Order(1).Status);
    }

    [Fact]
    public void CloseAndPaymentInOneMillisecondHaveOneWinner()
    {
        var paidFirst = Joined();
        paidFirst.Clock = paidFirst.Order(1).ClosesAt;
        var close = paidFirst.TasksOf(OrderClose.TypeName).Single().Key;
        paidFirst.Pay(1);
        Assert.Empty(paidFirst.Do(new GroupCommand.CloseUnpaid(1, Scenes.Silence), close).Events);
        Assert.Equal(OrderStatus.Paid, paidFirst.Order(1).Status);

        var closedFirst = Joined();
        closedFirst.Clock = closedFirst.Order(1).ClosesAt;
        closedFirst.RunDue();
        Assert.Equal(ReplyOutcome.Accepted, closedFirst.Pay(1).How);
        Assert.Equal(OrderStatus.Refunding, closedFirst.Order(1).Status);
    }

    [Fact]
    public void TwoLastPayersMakeOneSuccess()
    {
        var world = Scenes.Published(Scenes.Offer(2, 4) with { CountBy = CountBy.Paid });
        world.JoinAll("ann", "bob", "cho");
        Assert.Equal(GroupPhase.Opening, world.View.State);
        world.Pay(3);
        var last = world.Pay(1);
        world.Pay(2);
        Assert.Equal(
            ["order.paid", "group.succeeded"],
            last.Events.Select(recorded => GroupEvents.NameOf(recorded.Event))
        );
        Assert.Single(world.Events, happened => happened is GroupSucceeded);
    }

    [Fact]
    public void CloseFiredEarlyIsToldToWaitAndIsNotCompleted()
    {
        var world = Joined();
        var task = world.TasksOf(OrderClose.TypeName).Single();
        world.Clock = task.Key.Due.AddMilliseconds(-5);
        var early = world.Do(new GroupCommand.CloseUnpaid(1, Scenes.Silence), task.Key);
        Assert.Equal(TimeSpan.FromMilliseconds(5), early.NotYet);
        Assert.False(early.Changes);
        Assert.Equal(TimeSpan.FromMilliseconds(5), world.Do(new GroupCommand.CloseUnpaid(1, Scenes.Silence)).NotYet);
        Assert.Contains(task.Key.Id, world.Tasks);
    }

    [Fact]
    public void MoneyAtTheProviderIsFoundAfterTheOrderWasClosedUnpaid()
    {
        var world = Joined();
        world.NextFault = () => Fault.CallLost;
        world.Advance(TimeSpan.FromMinutes(31));
        world.Provider.Pay(world.OrderId(1), "unheard", Scenes.Price);
        var check = world.TasksOf(PaymentCheck.TypeName).Single();
        Assert.True(check.Key.Due >= world.Order(1).ClosesAt + TimeSpan.FromMinutes(10));
        world.Advance(TimeSpan.FromHours(2));
        Assert.Equal(OrderStatus.Closed, world.Order(1).Status);
        world.NextFault = () => Fault.None;
        world.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(OrderStatus.Refunded, world.Order(1).Status);
        Assert.Empty(world.TasksOf(PaymentCheck.TypeName));
    }

    [Fact]
    public void EveryWayAnOrderClosesUnpaidIsCheckedAgain()
    {
        var world = Scenes.Published();
        world.JoinAll("ann", "bob");
        world.Do(new GroupCommand.Cancel(1));
        world.Do(new GroupCommand.Withdraw());
        Assert.Equal(2, world.TasksOf(PaymentCheck.TypeName).Count());
        world.Provider.Pay(world.OrderId(1), "a", Scenes.Price);
        world.Provider.Pay(world.OrderId(2), "b1", Scenes.Price);
        world.Provider.Pay(world.OrderId(2), "b2", Wrong);
        world.RunToTheEnd();
        Assert.All(
            world.Provider.All,
            held => Assert.True(world.Provider.IsRefunded(held.Order, held.Payment.PaymentId))
        );
        Assert.Equal(OrderStatus.Refunded, world.Order(2).Status);
    }

    [Fact]
    public void MalformedPaymentNamesItsFields()
    {
        var result = Joined().Do(new GroupCommand.Pay(new PayOrder(1, "", new Money(0, "cny"))));
        result.Refused(RefusalCode.RequestInvalid);
        Assert.Equal(["amount", "currency", "paymentId"], result.Refusal!.Errors!.Keys.Order());
    }

    [Fact]
    public void OrderOrRefundNobodyKnowsIsUnknownNotNothingToDo()
    {
        var world = Joined();
        Assert.True(world.Do(new GroupCommand.Pay(new PayOrder(2, "p", Scenes.Price))).Unknown);
        Assert.True(world.Do(new GroupCommand.CloseUnpaid(2, Scenes.Silence)).Unknown);
        Assert.True(world.Do(new GroupCommand.PaymentChecked(2, Scenes.Silence)).Unknown);
        Assert.True(world.Do(new GroupCommand.Refunded(1, "p", false)).Unknown);
        Assert.True(world.Do(new GroupCommand.Deducted(1, PortReply.Done)).Unknown);
        Assert.True(world.Do(new GroupCommand.Released(1)).Unknown);
        Assert.True(world.Do(new GroupCommand.PublicationGuard(2)).Unknown);
    }

    private static World Joined()
    {
        var world = Scenes.Published();
        world.JoinAll("ann");
        return world;
    }
}
