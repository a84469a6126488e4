using GroupBuyActors.Simulation;

namespace GroupBuyActors.Groups;

public sealed class RequestTests
{
    private static readonly RequestKey Key = new("buyer:POST:/orders:1", "body");

    [Fact]
    public void SameRequestGetsTheFirstAnswerHoweverTheOrderHasMovedOn()
    {
        var world = Scenes.Published();
        var first = world.Join("ann", request: Key);
        world.PayAll(1);
        var again = world.Join("ann", request: Key);
        Assert.True(again.Replayed);
        Assert.Equal(first.Answer, again.Answer);
        Assert.Equal(ReplyOutcome.Created, again.How);
        Assert.Equal(1, world.State.OrderCount);
    }

    [Fact]
    public void FirstAnswerSurvivesACrash()
    {
        var world = Scenes.Published();
        var first = world.Join("ann", request: Key);
        world.PayAll(1);
        var refund = world.RequestRefund(1, request: new RequestKey("refund", "x"));
        world.RunDue();
        Assert.Equal(OrderStatus.Refunded, world.Order(1).Status);
        world.Reactivate();
        world.State = world.Replica;
        Assert.Equal(first.Answer, world.Join("ann", request: Key).Answer);
        Assert.Equal(refund.Answer, world.RequestRefund(1, request: new RequestKey("refund", "x")).Answer);
    }

    [Fact]
    public void SameKeyWithAnotherBodyIsRefused()
    {
        var world = Scenes.Published();
        world.Join("ann", request: Key);
        world.Join("bob", request: Key with { Fingerprint = "other" }).Refused(RefusalCode.IdempotencyMismatch);
        Assert.True(world.Join("ann", request: Key with { Fingerprint = "" }).Replayed);
    }

    [Fact]
    public void RefusedRequestMayBeTriedAgainWithItsKey()
    {
        var world = Scenes.Published(Scenes.Offer(1, 1));
        world.JoinAll("ann");
        world.Join("bob", request: Key).Refused(RefusalCode.GroupFull);
        world.Do(new GroupCommand.Cancel(1));
        Assert.Null(world.Join("bob", request: Key).Refusal);
    }

    [Fact]
    public void KeysAreForgottenAfterADay()
    {
        var world = Scenes.Published(Scenes.Offer(3, 5) with { Timeout = TimeSpan.FromDays(3), PerUserLimit = 2 });
        world.Join("ann", request: Key);
        world.Clock += TimeSpan.FromHours(24) - TimeSpan.FromMilliseconds(1);
        Assert.True(world.Join("ann", request: Key).Replayed);
        world.Clock += TimeSpan.FromMilliseconds(1);
        Assert.False(world.Join("ann", request: Key).Replayed);
        Assert.Equal(2, world.State.OrderCount);
    }

    [Fact]
    public void MarkIsOnTheLastEventOfTheCommit()
    {
        var result = Scenes.Published(1).Join("ann", request: Key);
        Assert.Equal([null, null, Key.Id], result.Events.Select(recorded => recorded.Request?.Id));
    }

    [Fact]
    public void ARevocationSentAgainIsNotRefusedForItsOwnFirstTry()
    {
        var world = Scenes.Fulfilled();
        world.Redeem(1);
        var first = world.Do(new GroupCommand.Revoke(world.Voucher(1), Key));
        world.Redeem(1);
        ToldAgain(world, first, new GroupCommand.Revoke(world.Voucher(1), Key));
        Assert.Equal(OrderStatus.Redeemed, world.Order(1).Status);
    }

    [Fact]
    public void ACancellationSentAgainIsNotRefusedForWhatCameAfterIt()
    {
        var world = Scenes.Published();
        world.JoinAll("ann");
        var first = world.Do(new GroupCommand.Cancel(1, Key));
        world.Pay(1, amount: Scenes.Offer().UnitPrice);
        Assert.Equal(OrderStatus.Refunding, world.Order(1).Status);
        ToldAgain(world, first, new GroupCommand.Cancel(1, Key));
    }

    [Fact]
    public void AWithdrawalSentAgainGetsItsFirstAnswer()
    {
        var world = Scenes.Published();
        var first = world.Do(new GroupCommand.Withdraw(Key));
        world.RunDue();
        ToldAgain(world, first, new GroupCommand.Withdraw(Key));
    }

    [Fact]
    public void APublicationSentAgainIsToldAsMadeEvenWhileItsFirstTryStillWaitsForStock()
    {
        var world = new World();
        var publish = new GroupCommand.Publish(Scenes.Offer(), Key);
        var (attempt, reservation) = world.Do(publish).Reserve!;
        Assert.Equal(attempt, world.Do(publish).Reserve!.Attempt);
        var reserved = new GroupCommand.Reserved(attempt, world.Inventory.Reserve(reservation, Fault.None), Key);
        var first = world.Do(reserved);
        Assert.Equal(ReplyOutcome.Created, first.How);
        ToldAgain(world, first, reserved);
        world.JoinAll("ann");
        ToldAgain(world, first, publish);
    }

    private static void ToldAgain(World world, CommandResult first, GroupCommand command)
    {
        var again = world.Do(command);
        Assert.Null(again.Refusal);
        Assert.True(again.Replayed);
        Assert.Equal((first.How, first.Answer), (again.How, again.Answer));
    }

    [Fact]
    public void SuccessWithoutEventsIsRememberedWhileTheActivationLives()
    {
        var world = Scenes.Fulfilled();
        var first = world.Do(new GroupCommand.EndJoining(Key));
        Assert.Empty(first.Events);
        world.Do(new GroupCommand.Redeem(world.Voucher(1), null));
        var again = world.Do(new GroupCommand.EndJoining(Key));
        Assert.True(again.Replayed);
        Assert.Equal(first.Answer, again.Answer);
    }
}
