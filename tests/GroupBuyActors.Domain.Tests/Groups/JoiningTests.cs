using GroupBuyActors.Events;
using GroupBuyActors.Simulation;

namespace GroupBuyActors.Groups;

public sealed class JoiningTests
{
    [Fact]
    public void FirstOrderOpensTheGroup()
    {
        var world = Scenes.Published();
        var result = world.Join("ann");
        Assert.Equal(
            ["order.placed", "group.opened"],
            result.Events.Select(recorded => GroupEvents.NameOf(recorded.Event))
        );
        Assert.Equal(GroupPhase.Opening, world.View.State);
    }

    [Fact]
    public void ThresholdIsReachedInTheCommitOfTheJoinThatReachesItAndEventsFollowFromEachOther()
    {
        var world = Scenes.Published(1);
        var result = world.Join("ann");
        Assert.Equal(
            ["order.placed", "group.opened", "group.succeeded"],
            result.Events.Select(recorded => GroupEvents.NameOf(recorded.Event))
        );
        Assert.Single(result.Events.Select(recorded => recorded.Time).Distinct());
        Assert.Equal(SuccessSaga.TypeName, result.Schedules.Single(task => task.Key.Due == World.Start).Type);
    }

    [Fact]
    public void AnswerShowsTheOrderAndItsGroupJustAfterIt()
    {
        var world = Scenes.Published();
        var order = Assert.IsType<OrderView>(world.Join("ann").Answer);
        Assert.Equal(
            ("10042.SH-PUDONG.tea-1123.1", "ann", 1, Scenes.Price),
            (order.OrderId.ToString(), order.UserId, order.Quantity, order.Total)
        );
        Assert.Equal(
            (OrderStatus.PendingPayment, World.Start, World.Start.AddMinutes(30)),
            (order.Status, order.PlacedAt, order.ClosesAt)
        );
        Assert.Equal(new GroupBrief(GroupPhase.Opening, 1, 0, 5), order.Group);
    }

    [Fact]
    public void NobodyJoinsAGroupThatIsNotThere()
    {
        new World().Join("ann").Refused(RefusalCode.GroupNotFound);
        var publishing = new World();
        publishing.Do(new GroupCommand.Publish(Scenes.Offer()));
        publishing.Join("ann").Refused(RefusalCode.GroupNotFound);
    }

    [Fact]
    public void JoiningOpensAtShelfAtPlusOpenDelay()
    {
        var world = Scenes.Published(
            Scenes.Offer() with
            {
                ShelfAt = World.Start.AddMinutes(5),
                OpenDelay = TimeSpan.FromMinutes(10),
            }
        );
        world.Clock = World.Start.AddMinutes(15).AddMilliseconds(-1);
        world.Join("ann").Refused(RefusalCode.GroupNotOpen);
        world.Clock = World.Start.AddMinutes(15);
        Assert.Null(world.Join("ann").Refusal);
    }

    [Fact]
    public void InstantOfTheDeadlineBelongsToThePast()
    {
        var world = Scenes.Published();
        world.Clock = world.View.Terms.Deadline.AddMilliseconds(-1);
        Assert.Null(world.Join("ann").Refusal);
        world.Clock = world.View.Terms.Deadline;
        world.Join("bob").Refused(RefusalCode.GroupClosed);
        Assert.Equal(ExpiryReason.Timeout, world.View.Reason);
    }

    [Fact]
    public void BuyerNeverHoldsMoreSeatsThanTheLimit()
    {
        var world = Scenes.Published(Scenes.Offer(3, 10) with { PerUserLimit = 3 });
        Assert.Null(world.Join("ann", 2).Refusal);
        world.Join("ann", 2).Refused(RefusalCode.OrderLimitReached);
        Assert.Null(world.Join("ann").Refusal);
        world.Join("ann").Refused(RefusalCode.OrderLimitReached);
        world.Do(new GroupCommand.Cancel(1));
        Assert.Null(world.Join("ann", 2).Refusal);
    }

    [Fact]
    public void FullGroupTakesNoPartOfAnOrder()
    {
        var world = Scenes.Published(Scenes.Offer(3, 4) with { PerUserLimit = 4 });
        world.Join("ann", 3);
        world.Join("bob", 2).Refused(RefusalCode.GroupFull);
        Assert.Null(world.Join("bob").Refusal);
        world.Join("cho").Refused(RefusalCode.GroupFull);
    }

    [Fact]
    public void ChecksComeInTheOrderThatClientsRelyOn()
    {
        var world = Scenes.Published(Scenes.Offer(1, 1) with { OpenDelay = TimeSpan.FromHours(1) });
        world.Join("ann", 0).Refused(RefusalCode.RequestInvalid);
        world.Join("ann").Refused(RefusalCode.GroupNotOpen);
        world.Clock += TimeSpan.FromHours(1);
        world.JoinAll("ann");
        world.Join("ann").Refused(RefusalCode.OrderLimitReached);
        world.Join("bob").Refused(RefusalCode.GroupFull);
        world.Clock += TimeSpan.FromHours(23);
        world.Join("ann").Refused(RefusalCode.GroupClosed);
    }

    [Theory]
    [InlineData("", 1, "userId")]
    [InlineData("line\nbreak", 1, "userId")]
    [InlineData("ann", 0, "quantity")]
    [InlineData("ann", 4, "quantity")]
    [InlineData("ann", 100_001, "quantity")]
    public void MalformedJoinNamesItsFields(string user, int quantity, string field)
    {
        var result = Scenes.Published().Join(user, quantity);
        result.Refused(RefusalCode.RequestInvalid);
        Assert.Equal([field], result.Refusal!.Errors!.Keys);
    }

    [Fact]
    public void UserIdsAreComparedToTheLetter()
    {
        var world = Scenes.Published(4);
        world.JoinAll("Alice", "alice", "alice ", new string('x', 128));
        Assert.Equal(4, world.View.Buyers);
        Scenes.Published().Join(new string('x', 129)).Refused(RefusalCode.RequestInvalid);
    }

    [Fact]
    public void SeatIsFreedWhenThePaymentWindowCloses()
    {
        var world = Scenes.Published(Scenes.Offer(2, 2));
        world.JoinAll("ann");
        world.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(
            (OrderStatus.Closed, CloseReason.PaymentWindowOver),
            (world.Order(1).Status, world.Order(1).CloseReason)
        );
        Assert.Equal(0, world.View.SeatsTaken);
        world.JoinAll("ann", "bob");
    }

    [Fact]
    public void WindowEndsAfterPlacingWhateverTheDeadline()
    {
        var world = Scenes.Published(2);
        world.Clock = world.View.Terms.Deadline.AddMinutes(-1);
        world.JoinAll("ann");
        Assert.Equal(world.Clock.AddMinutes(30), world.Order(1).ClosesAt);
        Assert.Equal(world.View.Terms.Deadline, world.View.SettlesBy);
        world.JoinAll("bob");
        Assert.Equal(world.Order(2).ClosesAt, world.View.SettlesBy);
    }

    [Fact]
    public void CancellingIsForOrdersThatWaitForPaymentAndMayBeRepeated()
    {
        var world = Scenes.Published();
        world.JoinAll("ann", "bob");
        Assert.Equal(OrderStatus.Closed, Assert.IsType<OrderView>(world.Do(new GroupCommand.Cancel(1)).Answer).Status);
        var again = world.Do(new GroupCommand.Cancel(1));
        Assert.Null(again.Refusal);
        Assert.Empty(again.Events);
        world.PayAll(2);
        world.Do(new GroupCommand.Cancel(2)).Refused(RefusalCode.OrderNotCancellable);
        var unknown = world.Do(new GroupCommand.Cancel(3));
        unknown.Refused(RefusalCode.OrderNotFound);
        Assert.True(unknown.Unknown);
    }

    [Fact]
    public void TwoLastBuyersForOneSeatAreDecidedInTheOrderTheyCome()
    {
        foreach (var (first, second) in new[] { ("ann", "bob"), ("bob", "ann") })
        {
            var world = Scenes.Published(Scenes.Offer(2, 2));
            world.JoinAll("cho");
            Assert.Null(world.Join(first).Refusal);
            world.Join(second).Refused(RefusalCode.GroupFull);
            Assert.Single(world.Events, happened => happened is GroupSucceeded);
        }
    }

    [Fact]
    public void DeadlineAndLastJoinInOneMillisecondHaveOneWinner()
    {
        var joined = Scenes.Published(1);
        joined.Clock = joined.View.Terms.Deadline.AddTicks(-1);
        Assert.Null(joined.Join("ann").Refusal);
        Assert.Equal(GroupPhase.Success, joined.View.State);

        var late = Scenes.Published(1);
        late.Clock = late.View.Terms.Deadline.AddTicks(1);
        late.Join("ann").Refused(RefusalCode.GroupClosed);
        Assert.Equal((GroupPhase.Expired, 0), (late.View.State, late.State.OrderCount));
    }

    [Fact]
    public void TimeNeverRunsBackAfterAMoveToASlowerClock()
    {
        var world = Scenes.Published();
        world.JoinAll("ann");
        world.Clock -= TimeSpan.FromMinutes(5);
        world.JoinAll("bob");
        Assert.Equal(World.Start, world.Order(2).PlacedAt);
    }

    [Fact]
    public void RefusedJoinChangesNothing()
    {
        var world = Scenes.Published(Scenes.Offer(1, 1));
        world.JoinAll("ann");
        var before = GroupSnapshot.Write(world.State);
        var refused = world.Join("bob", request: new RequestKey("r1", "b"));
        refused.Refused(RefusalCode.GroupFull);
        Assert.False(refused.Changes);
        Assert.Equal(before, GroupSnapshot.Write(world.State));
    }
}
