using GroupBuyActors.Events;
using GroupBuyActors.Simulation;

namespace GroupBuyActors.Groups;

/// <summary>What no group-buying system that was read for the survey has; the numbers are the survey's.</summary>
public sealed class DifferentiatorTests
{
    [Fact]
    public void DeadlineProtocol_DecidesOnWhatIsCommittedAndThenAsksAboutEverySeatThatWasLocked()
    {
        var world = Scenes.Published();
        world.Clock = world.View.Terms.Deadline.AddMinutes(-1);
        world.JoinAll("ann", "bob");
        world.Pay(1);
        world.Provider.Pay(world.OrderId(2), "untold", Scenes.Price);
        world.AdvanceTo(world.View.Terms.Deadline);
        Assert.Equal(GroupPhase.Expired, world.View.State);
        Assert.Equal(
            world.View.Terms.Deadline + world.Settings.ProviderWindow,
            Assert.Single(world.TasksOf(PaymentCheck.TypeName)).Key.Due
        );
        world.RunToTheEnd();
        Assert.Equal(
            [OrderStatus.Refunded, OrderStatus.Refunded],
            Enumerable.Range(1, 2).Select(n => world.Order(n).Status)
        );
    }

    [Fact]
    public void LatePaymentIsRefundedByItself()
    {
        var world = Scenes.Published();
        world.JoinAll("ann");
        world.Do(new GroupCommand.Cancel(1));
        world.Pay(1, "late");
        world.RunDue();
        Assert.True(world.Provider.IsRefunded(world.OrderId(1), "late"));
    }

    [Fact]
    public void SuccessHappensOnceHoweverManyPayAndHoweverOftenTheyAreTold()
    {
        var world = Scenes.Published(Scenes.Offer(3, 5) with { CountBy = CountBy.Paid });
        world.JoinAll("ann", "bob", "cho", "dan", "eve");
        for (var told = 0; told < 2; told++)
            world.PayAll(1, 2, 3, 4, 5);
        world.RunDue();
        Assert.Single(world.Events, happened => happened is GroupSucceeded);
        Assert.Single(world.Events, happened => happened is StockDeducted { Cause: 1 });
    }

    [Fact]
    public void WhatWasPaidIsHeldSettledOrOnItsWayBackAtEveryStep()
    {
        var world = Scenes.Published(2, 4);
        var steps = 0;
        world.Handled = (_, _) =>
        {
            var paid = world.Events.Sum(Paid);
            var known = world
                .State.Payments()
                .GroupBy(entry => entry.State)
                .ToDictionary(state => state.Key, state => state.Sum(entry => entry.Amount.Amount));
            Assert.Equal(paid, known.Values.Sum());
            Assert.Equal(world.Events.Sum(Returned), known.GetValueOrDefault(PaymentState.Refunded));
            steps++;
        };
        world.JoinAll("ann", "bob", "cho");
        world.PayAll(1, 2);
        world.Pay(1, "twice");
        world.Pay(3, "right");
        world.RequestRefund(3);
        world.JoinAll("dan");
        world.Do(new GroupCommand.Cancel(4));
        world.Pay(4, "late");
        world.Do(new GroupCommand.EndJoining(null));
        world.RunDue();
        world.Redeem(1);
        world.RunToTheEnd();
        Assert.True(steps > 15, $"only {steps} steps");

        static long Paid(GroupEvent happened) =>
            happened switch
            {
                OrderPaid e => e.Amount.Amount,
                PaymentExcess e => e.Amount.Amount,
                OrderRefundRequested { Reason: RefundReason.LatePayment } e => e.Amount.Amount,
                _ => 0,
            };

        static long Returned(GroupEvent happened) =>
            happened switch
            {
                OrderRefunded e => e.Amount.Amount,
                PaymentRefunded e => e.Amount.Amount,
                _ => 0,
            };
    }

    [Fact]
    public void EventsAreNumberedWithoutGapsAndFollowFromEachOther()
    {
        var world = Scenes.Fulfilled();
        Assert.Equal(
            Enumerable.Range(1, world.Journal.Count).Select(n => (long)n),
            world.Journal.Select(recorded => recorded.Sequence)
        );
        var names = world.Names.ToList();
        string[] life =
        [
            "group.publishing",
            "stock.reserved",
            "group.shelved",
            "order.placed",
            "group.opened",
            "group.succeeded",
            "stock.deducted",
            "group.fulfilled",
            "voucher.issued",
        ];
        Assert.Equal(life, life.OrderBy(names.IndexOf));
    }

    [Fact]
    public void HistoryReplayedFromItsBytesIsTheState()
    {
        var world = Scenes.Fulfilled();
        world.RequestRefund(2);
        world.Redeem(1);
        world.RunDue();
        Assert.Equal(GroupSnapshot.Write(world.State), GroupSnapshot.Write(world.Replica));
    }

    [Fact]
    public void StockGoesBackFiveSecondsAfterAndYieldsToAPaymentThatWasFirst()
    {
        var world = Scenes.Published(2, 3);
        world.JoinAll("ann", "bob", "cho");
        world.PayAll(1, 2);
        world.RunDue();
        // Seats are full, so joining is over as soon as stock is deducted; the third seat is what is raced for.
        world.Clock = world.Order(3).ClosesAt;
        world.Pay(3, "first");
        world.Do(new GroupCommand.CloseUnpaid(3, Scenes.Silence));
        Assert.Empty(world.TasksOf(StockRollback.TypeName));
        world.RunToTheEnd();
        Assert.Equal((3, 0), (world.Inventory.Deducted, world.Inventory.Reserved));
    }

    [Fact]
    public void StockOfASeatThatNobodyCanBuyAnyMoreGoesBackFiveSecondsAfterItsClose()
    {
        var world = Scenes.Published(2, 3);
        world.JoinAll("ann", "bob");
        world.PayAll(1, 2);
        world.RunDue();
        world.JoinAll("cho");
        world.Do(new GroupCommand.EndJoining(null));
        Assert.Empty(world.TasksOf(StockRollback.TypeName));
        world.Do(new GroupCommand.Cancel(3));
        var rollback = Assert.Single(world.TasksOf(StockRollback.TypeName));
        Assert.Equal(world.Clock + TimeSpan.FromSeconds(5), rollback.Key.Due);
        Assert.Equal(1, StockRollback.Type.Read(rollback.Payload).Release.Units);
    }

    [Fact]
    public void TheSameLifeIsLivedAtAnyTimeOfAnyYearByTheClockThatIsGiven()
    {
        var (now, later) = (new World(), new World { Clock = World.Start.AddYears(7).AddMilliseconds(123) });
        var shift = later.Clock - now.Clock;
        foreach (var world in (World[])[now, later])
        {
            world.Publish(Scenes.Offer());
            world.JoinAll("ann", "bob");
            world.Pay(1);
            world.RunToTheEnd();
        }

        Assert.Equal(
            now.Journal.Select(recorded => (recorded.Sequence, recorded.Time + shift)),
            later.Journal.Select(recorded => (recorded.Sequence, recorded.Time))
        );
    }

    [Fact]
    public void MerchantsAreApart_EachHasItsOwnSlotForGroupsAndTasksAlike()
    {
        var (first, second) = (new World(id: "1.SH-PUDONG.tea"), new World(id: "2.SH-PUDONG.tea"));
        foreach (var world in (World[])[first, second])
        {
            world.Publish(Scenes.Offer());
            world.JoinAll("ann");
            Assert.All(world.Tasks.Values, task => Assert.Equal(world.Id.Shard, task.Key.Shard));
        }

        Assert.NotEqual(first.Id.Shard, second.Id.Shard);
    }

    [Fact]
    public void OneBadRefundBlocksNoOther()
    {
        var world = Scenes.Published(4);
        world.JoinAll("ann", "bob", "cho");
        world.PayAll(1, 2, 3);
        world.Do(new GroupCommand.Withdraw());
        var bad = world.TasksOf(Refund.TypeName).Single(task => Refund.Type.Read(task.Payload).Order == 1);
        // It is never given back while the others are.
        world.Tasks.Remove(bad.Key.Id);
        world.RunToTheEnd();
        Assert.Equal(
            [OrderStatus.Refunding, OrderStatus.Refunded, OrderStatus.Refunded],
            Enumerable.Range(1, 3).Select(n => world.Order(n).Status)
        );
        Assert.Equal(new StockFigures(4, 0, 0, 4), world.State.Stock);
        world.Tasks[bad.Key.Id] = bad;
        world.RunToTheEnd();
        Assert.Equal(OrderStatus.Refunded, world.Order(1).Status);
    }
}
