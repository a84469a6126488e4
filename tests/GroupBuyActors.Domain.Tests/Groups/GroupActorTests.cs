namespace GroupBuyActors.Groups;

public sealed class GroupActorTests
{
    [Fact]
    public void AGroupIsAnActorOfItsOwnShardAndMerchant()
    {
        var group = GroupId.Parse("10042.SH-PUDONG.tea-1123");
        Assert.Equal("groups:10042.SH-PUDONG.tea-1123", group.Actor.ToString());
        Assert.Equal((group.Shard, group.MerchantId), (group.Actor.Shard, group.Actor.Account));
        Assert.Equal(group, group.Actor.Group);
        Assert.Null(new ActorId("others", group.Value).Group);
    }
}
