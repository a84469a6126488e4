using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Setting;

namespace GroupBuyActors.Membership;

/// <summary>A silo that is told to stop moves everything to the others before it stops.</summary>
public sealed class DrainTests
{
    [Fact]
    public async Task ASiloThatStopsMovesItsGroupsWithTheirMemoryAndEveryCallIsAnswered()
    {
        await using var cluster = await RehomerTests.StartAsync(3);
        var calls = cluster.Get<IGrainFactory>(0);
        var groups = await RehomerTests.PublishAsync(calls);
        var loads = Loads(cluster, 2);
        using var enough = new CancellationTokenSource();
        var buyers = groups.Select(group => RehomerTests.BuyAsync(group, enough.Token)).ToList();
        await cluster.StopAsync(cluster.Silos[2]);
        await enough.CancelAsync();
        var joined = await Task.WhenAll(buyers).WaitAsync(TestSilo.Bound);

        Assert.Equal(loads, Loads(cluster, 2));
        foreach (var (group, joins) in groups.Zip(joined))
        {
            Assert.Equal(joins + 1, (await group.Get()).Value!.SeatsTaken);
            Assert.True((await RehomerTests.JoinAsync(group)).Replayed);
        }

        await cluster.SettledAsync();
        Assert.Equal(ShardId.Count, cluster.Get<OwnedShards>(0).Count + cluster.Get<OwnedShards>(1).Count);
    }

    [Fact]
    public async Task TwoSilosThatStopAtOnceMoveEverythingToTheThird()
    {
        await using var cluster = await RehomerTests.StartAsync(3);
        var groups = await RehomerTests.PublishAsync(cluster.Get<IGrainFactory>(0));
        var loads = Loads(cluster, 1);
        await Task.WhenAll(cluster.Silos.Skip(1).ToList().Select(cluster.StopAsync));
        foreach (var group in groups)
            Assert.True((await RehomerTests.JoinAsync(group)).Replayed);
        Assert.Equal(loads, Loads(cluster, 1));
        Assert.Equal(60, cluster.Get<ActiveGroups>(0).Count);
        await cluster.SettledAsync();
    }

    [Fact]
    public async Task TheOthersKnowAtOnceThatASiloDrainsAndTheReportShowsIt()
    {
        await using var cluster = await RehomerTests.StartAsync(2);
        var leaving = cluster.Silos[1].SiloAddress;
        await cluster.Get<SiloDrain>(1).RunAsync(CancellationToken.None);
        var map = cluster.Get<ShardMap>(0);
        Assert.DoesNotContain(Enumerable.Range(0, ShardId.Count), shard => leaving.Equals(map.Of(new ShardId(shard))));
        // It takes them in its next pass, which it was asked for; this silo is still a member.
        await TestSilo.UntilAsync(() => cluster.Get<OwnedShards>(0).Count == ShardId.Count);
        var report = await cluster.Get<ClusterReport>(0).SilosAsync(CancellationToken.None);
        var drained = Assert.Single(report, silo => silo.Draining);
        Assert.Equal(
            (leaving.ToParsableString(), "active", 0, 0),
            (drained.Address, drained.Status, drained.Shards, drained.ShardsToMove)
        );
    }

    [Fact]
    public async Task TheLastSiloStopsWithoutASuccessorAndASiloThatIsKilledMovesNothing()
    {
        await using var cluster = await RehomerTests.StartAsync(2);
        var groups = await RehomerTests.PublishAsync(cluster.Get<IGrainFactory>(0));
        var atHome = cluster.Get<ActiveGroups>(0).Count;
        await cluster.KillAsync(cluster.Silos[1]);
        Assert.Equal(atHome, cluster.Get<ActiveGroups>(0).Count);
        var drain = cluster.Get<SiloDrain>(0);
        await drain.RunAsync(CancellationToken.None).WaitAsync(TestSilo.Bound);
        Assert.Equal(atHome, cluster.Get<ActiveGroups>(0).Count);
        Assert.True((await RehomerTests.JoinAsync(groups.First(group => IsHere(cluster, group)))).Replayed);
    }

    [Fact]
    public async Task AFencedSiloMovesNothingBecauseOthersHaveWhatItHad()
    {
        await using var cluster = await RehomerTests.StartAsync(2);
        cluster.Get<SiloGate>(1).Close("The silo is fenced.");
        await cluster.Get<SiloDrain>(1).RunAsync(CancellationToken.None).WaitAsync(TestSilo.Bound);
        Assert.False(cluster.Get<ShardMap>(0).IsLeaving(cluster.Silos[1].SiloAddress));
        await cluster.Get<IClusterMembershipService>(0).TryKill(cluster.Silos[1].SiloAddress);
    }

    private static bool IsHere(TestCluster cluster, IGroupGrain group) =>
        cluster.WhereAsync(group).Result?.Equals(cluster.Silos[0].SiloAddress) == true;

    /// <summary>States that the first silos have loaded.</summary>
    private static int Loads(TestCluster cluster, int silos) =>
        Enumerable.Range(0, silos).Sum(silo => RehomerTests.ReaderOf(cluster, silo).Loads);
}
