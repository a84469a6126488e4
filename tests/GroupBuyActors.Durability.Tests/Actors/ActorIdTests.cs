using GroupBuyActors.Tasks;

namespace GroupBuyActors.Actors;

public sealed class ActorIdTests
{
    [Theory]
    [InlineData("groups:10042.SH-PUDONG.tea-1123", "groups", "10042.SH-PUDONG.tea-1123")]
    [InlineData("redrives:6f9619ff8b86d011b42d00c04fc964ff", "redrives", "6f9619ff8b86d011b42d00c04fc964ff")]
    [InlineData("a:A_b.c-9", "a", "A_b.c-9")]
    public void AnIdIsReadAsItIsWritten(string text, string kind, string key)
    {
        var id = ActorId.Parse(text);
        Assert.Equal((kind, key, text), (id.Kind, id.Key, id.ToString()));
        Assert.Equal(new ActorId(kind, key), id);
        Assert.Equal(new ActorId(kind, key).GetHashCode(), id.GetHashCode());
    }

    [Theory]
    [InlineData("")]
    [InlineData("groups")]
    [InlineData(":key")]
    [InlineData("groups:")]
    [InlineData("Groups:a")]
    [InlineData("-s:a")]
    [InlineData("groups:a:1")]
    [InlineData("groups:a b")]
    [InlineData("groups:a'")]
    [InlineData("groups:a\\")]
    [InlineData("groups:ä")]
    [InlineData("a-kind-of-too-many-characters:a")]
    public void WhatIsSafeInNoStatementOrLongerIdIsNoId(string text)
    {
        Assert.False(ActorId.TryParse(text, out _));
        Assert.Throws<FormatException>(() => ActorId.Parse(text));
    }

    [Fact]
    public void AKeyHasAtMost119Characters()
    {
        Assert.Equal(ActorId.LengthMax, new ActorId(new string('k', 20), new string('a', 119)).ToString().Length);
        Assert.Throws<FormatException>(() => new ActorId("groups", new string('a', 120)));
    }

    [Theory]
    [InlineData("others:7.SH.x", 7)]
    [InlineData("others:7.x", 7)]
    [InlineData("others:seven.SH.x", null)]
    [InlineData("others:99999999999999999999.SH.x", null)]
    [InlineData("others:7", null)]
    public void TheAccountIsTheNumberBeforeTheFirstDot(string text, int? account) =>
        Assert.Equal(account, ActorId.Parse(text).Account);

    [Fact]
    public void KeysOfOneAccountAndRegionLieTogetherAndOthersAreSpread()
    {
        Assert.Equal(ActorId.Parse("groups:7.SH.a").Shard, ActorId.Parse("others:7.SH.b").Shard);
        var shards = Enumerable.Range(0, 10_000).Select(n => new ActorId("others", $"key-{n}").Shard).Distinct();
        Assert.InRange(shards.Count(), ShardId.Count * 95 / 100, ShardId.Count);
    }

    [Fact]
    public void ATasksIdLeadsToItsActorAndTheEventThatCausedIt()
    {
        var actor = ActorId.Parse("others:some-key");
        var id = TaskIds.Of(actor, 12, "some-type", 3);
        Assert.True(TaskIds.IsId(id));
        Assert.True(TaskIds.TryGetCause(id, out var cause));
        Assert.Equal(new TaskCause(actor, 12, "some-type", 3), cause);
        Assert.True(TaskIds.TryGetShard(id, out var shard));
        Assert.Equal(actor.Shard, shard);
    }

    [Fact]
    public void TheLongestTaskIdThatAnActorCanHaveIsStorable()
    {
        var actor = new ActorId(new string('k', 20), new string('a', 119));
        var id = TaskIds.Of(actor, long.MaxValue, new string('t', TaskType.NameLengthMax), int.MaxValue);
        Assert.Equal(ActorId.LengthMax, actor.ToString().Length);
        Assert.True(TaskIds.IsId(id), $"{id.Length} characters");
    }
}
