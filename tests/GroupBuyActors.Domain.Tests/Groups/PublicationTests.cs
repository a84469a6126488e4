using GroupBuyActors.Events;
using GroupBuyActors.Ports;
using GroupBuyActors.Simulation;

namespace GroupBuyActors.Groups;

public sealed class PublicationTests
{
    [Fact]
    public void IntentIsTheFirstEventAndIsStoredBeforeStockIsAskedFor()
    {
        var world = new World();
        var result = world.Do(new GroupCommand.Publish(Scenes.Offer()));
        var intent = Assert.IsType<GroupPublishing>(Assert.Single(result.Events).Event);
        Assert.Equal((1, 1), (result.Events[0].Sequence, intent.Attempt));
        Assert.Equal(
            ("reserve:10042.SH-PUDONG.tea-1123:1", 3),
            (result.Reserve?.Reservation.Key, result.Reserve?.Reservation.Units)
        );
        Assert.Null(world.State.View());
    }

    [Fact]
    public void ReservedGroupIsOnTheShelfAndItsGuardIsGone()
    {
        var world = Scenes.Published();
        Assert.Equal(["group.publishing", "stock.reserved", "group.shelved"], world.Names);
        Assert.Equal(GroupPhase.OnShelf, world.View.State);
        Assert.Equal(GroupDeadline.TypeName, Assert.Single(world.Tasks.Values).Type);
        Assert.Equal(new StockFigures(3, 3, 0, 0), world.State.Stock);
    }

    [Fact]
    public void WhatIsLeftOutTakesItsDefault()
    {
        var terms = Scenes
            .Published(
                new GroupTermsRequest
                {
                    Title = "Tea",
                    Sku = "tea",
                    UnitPrice = Scenes.Price,
                }
            )
            .View.Terms;
        Assert.Equal((3, 3, 1), (terms.MinGroupSize, terms.Capacity, terms.PerUserLimit));
        Assert.Equal(
            (World.Start, World.Start, World.Start.AddHours(24)),
            (terms.ShelfAt, terms.OpensAt, terms.Deadline)
        );
        Assert.Equal(
            (TimeSpan.FromMinutes(30), TimeSpan.FromDays(30), TimeSpan.FromHours(1)),
            (terms.PaymentWindow, terms.VoucherValidity, terms.RevokeWindow)
        );
        Assert.Equal((LapsePolicy.Refund, CountBy.Joined), (terms.LapsePolicy, terms.CountBy));
    }

    [Fact]
    public void CapacityDefaultsToTheGroupSize() =>
        Assert.Equal(7, Scenes.Published(Scenes.Offer(7)).View.Terms.Capacity);

    [Fact]
    public void InventoryThatRefusesLeavesNoGroup()
    {
        var world = new World();
        world.Inventory.SetAvailable(2);
        world.Publish(Scenes.Offer()).Refused(RefusalCode.StockInsufficient);
        Assert.Null(world.State.View());
        Assert.Empty(world.Tasks);
        world.Inventory.SetAvailable(3);
        Assert.Equal(ReplyOutcome.Created, world.Publish(Scenes.Offer()).How);
    }

    [Fact]
    public void SilentInventoryIsUndoneAtOnce()
    {
        var world = new World();
        world.Publish(Scenes.Offer(), Fault.AnswerLost).Refused(RefusalCode.InventoryUnavailable);
        Assert.Equal(3, world.Inventory.Reserved);
        var task = Assert.Single(world.Tasks.Values);
        Assert.Equal((StockRollback.TypeName, World.Start), (task.Type, task.Key.Due));
        world.RunDue();
        Assert.Equal(0, world.Inventory.Reserved);
        Assert.Empty(world.Tasks);
    }

    [Fact]
    public void RetriedPublicationIsNotRefusedByTheTombstoneOfItsFirstAttempt()
    {
        var world = new World();
        world.Publish(Scenes.Offer(), Fault.CallLost).Refused(RefusalCode.InventoryUnavailable);
        world.RunDue();
        world.Inventory.DeliverLost();
        Assert.Equal(0, world.Inventory.Reserved);
        var again = world.Publish(Scenes.Offer());
        Assert.Equal(ReplyOutcome.Created, again.How);
        Assert.Equal(2, world.State.Attempt);
        Assert.Equal(3, world.Inventory.Reserved);
    }

    [Fact]
    public void ReleaseNamesTheAttemptItUndoes()
    {
        var world = new World();
        world.Publish(Scenes.Offer(), Fault.CallLost);
        world.Publish(Scenes.Offer());
        var release = StockRollback.Type.Read(world.TasksOf(StockRollback.TypeName).Single().Payload).Release;
        Assert.Equal("reserve:10042.SH-PUDONG.tea-1123:1", release.ReservationKey);
        Assert.True(release.UndoReservation);
        world.RunDue();
        Assert.Equal(3, world.Inventory.Reserved);
    }

    [Fact]
    public void CrashDuringTheReservationStrandsNothing()
    {
        var world = new World();
        var reservation = world.Do(new GroupCommand.Publish(Scenes.Offer())).Reserve!.Reservation;
        world.Inventory.Reserve(reservation, Fault.None);
        world.Reactivate();
        world.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(0, world.Inventory.Reserved);
        Assert.Equal(GroupPhase.None, world.State.Phase);
        Assert.Empty(world.Tasks);
    }

    [Fact]
    public void AnswerAfterTheGuardFiredIsTooLate()
    {
        var world = new World();
        world.Do(new GroupCommand.Publish(Scenes.Offer()));
        world.Advance(TimeSpan.FromMinutes(1));
        world.Do(new GroupCommand.Reserved(1, PortReply.Done)).Refused(RefusalCode.InventoryUnavailable);
        Assert.Null(world.State.View());
    }

    [Fact]
    public void PublishingAgainWhileWaitingAsksUnderTheSameKey()
    {
        var world = new World();
        world.Do(new GroupCommand.Publish(Scenes.Offer()));
        var again = world.Do(new GroupCommand.Publish(Scenes.Offer()));
        Assert.Empty(again.Events);
        Assert.Equal(1, again.Reserve?.Attempt);
        world.Do(new GroupCommand.Publish(Scenes.Offer(4))).Refused(RefusalCode.GroupExists);
        Assert.Equal(ReplyOutcome.Created, world.Do(new GroupCommand.Reserved(1, PortReply.Done)).How);
        Assert.Equal(ReplyOutcome.Done, world.Do(new GroupCommand.Reserved(1, PortReply.Done)).How);
    }

    [Fact]
    public void SameContentAgainGivesTheGroupAsItIsNow()
    {
        var world = Scenes.Published();
        world.JoinAll("ann");
        var again = world.Publish(Scenes.Offer());
        Assert.Equal(ReplyOutcome.Done, again.How);
        Assert.Equal(GroupPhase.Opening, Assert.IsType<GroupView>(again.Answer).State);
        world.Publish(Scenes.Offer() with { Title = "Other" }).Refused(RefusalCode.GroupExists);
    }

    [Fact]
    public void ContentIsComparedAsSentNotAsItWorksOut()
    {
        var world = Scenes.Published();
        world.Publish(Scenes.Offer() with { PerUserLimit = 1 }).Refused(RefusalCode.GroupExists);
    }

    [Fact]
    public void ContentSentWithPartsOfMillisecondsIsKnownAgainAfterACrash()
    {
        var termsRequest = Scenes.Offer() with
        {
            ShelfAt = World.Start.AddTicks(12_345),
            Timeout = TimeSpan.FromTicks(36_000_000_001),
        };
        var world = Scenes.Published(termsRequest);
        world.Reactivate();
        Assert.Equal(ReplyOutcome.Done, world.Publish(termsRequest).How);
    }

    [Fact]
    public void DeadlineInThePastIsRefusedOnlyForANewPublication()
    {
        var termsRequest = Scenes.Offer() with
        {
            ShelfAt = World.Start.AddHours(-24),
            Timeout = TimeSpan.FromHours(24),
        };
        var refused = new World().Publish(termsRequest);
        refused.Refused(RefusalCode.RequestInvalid);
        Assert.Equal(["shelfAt"], refused.Refusal!.Errors!.Keys);
        var world = Scenes.Published(termsRequest with { ShelfAt = World.Start.AddHours(-23) });
        world.Advance(TimeSpan.FromHours(2));
        Assert.Equal(ReplyOutcome.Done, world.Publish(termsRequest with { ShelfAt = World.Start.AddHours(-23) }).How);
    }

    [Fact]
    public void EveryFaultyFieldIsNamedAtOnce()
    {
        var faults = TermsRules.Check(
            new GroupTermsRequest
            {
                Title = "",
                Sku = "tea\n",
                UnitPrice = new Money(0, "yuan"),
                MinGroupSize = 0,
                Capacity = 100_001,
                PerUserLimit = 0,
                ShelfAt = DateTimeOffset.MinValue,
                OpenDelay = TimeSpan.FromDays(400),
                Timeout = TimeSpan.Zero,
                PaymentWindow = TimeSpan.Zero,
                VoucherValidity = TimeSpan.FromDays(4000),
                RevokeWindow = TimeSpan.FromDays(31),
                LapsePolicy = (LapsePolicy)7,
                CountBy = (CountBy)7,
            }
        );
        Assert.Equal(
            [
                "capacity",
                "countBy",
                "lapsePolicy",
                "minGroupSize",
                "openDelay",
                "paymentWindow",
                "perUserLimit",
                "revokeWindow",
                "shelfAt",
                "sku",
                "timeout",
                "title",
                "unitPrice.amount",
                "unitPrice.currency",
                "voucherValidity",
            ],
            faults.Keys.Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [InlineData(3, 2, null, null, "capacity")]
    [InlineData(3, null, 4, null, "perUserLimit")]
    [InlineData(100_001, null, null, null, "minGroupSize")]
    [InlineData(3, null, null, 24 * 60, "openDelay")]
    [InlineData(100_000, 100_000, 100_000, 24 * 60 - 1, null)]
    public void SizesAndTimesMustFitEachOther(int size, int? capacity, int? limit, int? delayMinutes, string? faulty)
    {
        var termsRequest = Scenes.Offer(size, capacity) with
        {
            PerUserLimit = limit,
            OpenDelay = delayMinutes is { } minutes ? TimeSpan.FromMinutes(minutes) : null,
        };
        Assert.Equal(faulty is null ? [] : [faulty], TermsRules.Check(termsRequest).Keys);
    }

    [Fact]
    public void LargestGroupAtTheHighestPriceDoesNotOverflow()
    {
        var termsRequest = Scenes.Offer(1, TermsRules.CapacityMax) with
        {
            UnitPrice = new Money(TermsRules.UnitPriceMax, "CNY"),
            PerUserLimit = TermsRules.CapacityMax,
        };
        Assert.Empty(TermsRules.Check(termsRequest));
        var world = Scenes.Published(termsRequest);
        Assert.Equal(
            TermsRules.UnitPriceMax * TermsRules.CapacityMax,
            Assert.IsType<OrderView>(world.Join("ann", TermsRules.CapacityMax).Answer).Total.Amount
        );
    }

    [Fact]
    public void DeadlineThatPassesWhileStockIsAskedForEndsTheGroupInTheSameCommit()
    {
        var world = new World();
        world.Do(new GroupCommand.Publish(Scenes.Offer() with { Timeout = TimeSpan.FromSeconds(1) }));
        world.Clock += TimeSpan.FromSeconds(2);
        var result = world.Do(
            new GroupCommand.Reserved(
                1,
                world.Inventory.Reserve(
                    new StockReservation("reserve:10042.SH-PUDONG.tea-1123:1", world.Id, "tea-250", 3),
                    Fault.None
                )
            )
        );
        Assert.Equal(GroupPhase.Expired, Assert.IsType<GroupView>(result.Answer).State);
        Assert.Equal([StockRollback.TypeName], world.Tasks.Values.Select(task => task.Type));
        world.RunToTheEnd();
        Assert.Equal(0, world.Inventory.Reserved);
    }
}
