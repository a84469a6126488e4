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
        Assert.Equal(ReplyOutcome.Created, again.Outcome);
        Assert.Equal(1, world.State.OrderCount);
    }

    [Fact]
    public void FirstAnswerSurvivesACrash()
    {
        var world = Scenes.Published();
        var first = world.Join("ann", request: Key);
        world.PayAll(1);
        var refund = world.AskRefund(1, request: new RequestKey("refund", "x"));
        world.RunDue();
        Assert.Equal(OrderStatus.Refunded, world.Order(1).Status);
        world.Reactivate();
        world.State = world.Replica;
        Assert.Equal(first.Answer, world.Join("ann", request: Key).Answer);
        Assert.Equal(refund.Answer, world.AskRefund(1, request: new RequestKey("refund", "x")).Answer);
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
        var handling = Scenes.Published(1).Join("ann", request: Key);
        Assert.Equal([null, null, Key.Id], handling.Events.Select(recorded => recorded.Request?.Id));
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
