using GroupBuyActors.Groups;
using GroupBuyActors.Placement;
using GroupBuyActors.Setting;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Streams;
using Orleans.Runtime.Placement;

namespace GroupBuyActors.Membership;

/// <summary>Three silos on one database.</summary>
public sealed class ClusterTests
{
    private static readonly GroupTermsRequest Offer = new()
    {
        Title = "Tea",
        Sku = "tea",
        UnitPrice = new Money(1_500, "CNY"),
        MinGroupSize = 3,
        PaymentWindow = TimeSpan.FromSeconds(3),
    };

    [Fact]
    public async Task GroupsLiveWhereTheTasksOfTheirShardRun()
    {
        await using var cluster = await TestCluster.StartAsync(3);
        await cluster.SettledAsync();
        var groups = Enumerable.Range(1, 40).Select(n => cluster.Client.GetGrain<IGroupGrain>($"{n}.SH.tea")).ToList();
        foreach (var group in groups)
            Assert.True((await group.Publish(Offer)).Succeeded);
        var shardMap = cluster.Get<ShardMap>(0);
        foreach (var group in groups)
            Assert.Equal(
                shardMap.Of(GroupId.Parse(group.GetPrimaryKeyString()).Shard),
                await cluster.WhereAsync(group)
            );
        var report = await cluster.Get<ClusterReport>(1).SilosAsync(CancellationToken.None);
        Assert.Equal(
            (3, 40, ShardId.Count),
            (report.Count, report.Sum(silo => silo.Groups), report.Sum(silo => silo.Shards))
        );
        Assert.All(report, silo => Assert.InRange(silo.Shards, ShardId.Count / 6, ShardId.Count / 2));
    }

    [Fact]
    public async Task KilledSilosGroupsAndTasksGoOnElsewhereAndNothingIsLost()
    {
        await using var cluster = await TestCluster.StartAsync(3);
        await cluster.SettledAsync();
        var groups = Enumerable.Range(1, 60).Select(n => cluster.Client.GetGrain<IGroupGrain>($"{n}.SH.tea")).ToList();
        foreach (var group in groups)
        {
            Assert.True((await group.Publish(Offer)).Succeeded);
            Assert.True((await group.Join(new JoinGroup("user-1", 1, new RequestKey("r1", "f")))).Succeeded);
        }

        await cluster.KillAsync(cluster.Silos[2]);
        foreach (var group in groups)
        {
            var reply = await RetryAsync(() => group.Join(new JoinGroup("user-1", 1, new RequestKey("r1", "f"))));
            Assert.True(reply.Replayed);
            Assert.Equal(1, reply.Value!.OrderId.Number);
        }

        await cluster.SettledAsync();
        foreach (var group in groups)
        {
            var closed = await RetryAsync(() =>
                TestSilo.UntilAsync(group, 1, order => order.Status == OrderStatus.Closed)
            );
            Assert.Equal(CloseReason.PaymentWindowOver, closed.CloseReason);
        }

        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while ((await cluster.Get<IStreams>(0).ListAsync(bound.Token)).Any(row => row.State == StreamState.Dead))
            await Task.Delay(50, bound.Token);
        while (
            (
                await cluster
                    .Get<IGroupQueries>(0)
                    .GroupsAsync(new GroupFilter(State: GroupPhase.Opening), null, 500, bound.Token)
            ).Items.Count(view => view.SeatsTaken == 0) < 60
        )
            await Task.Delay(50, bound.Token);
    }

    [Fact]
    public async Task ScheduledTaskOfAGroupAwayFromItsHomeIsHandedToItsOwner()
    {
        await using var cluster = await TestCluster.StartAsync(
            2,
            options =>
                (options.Horizon, options.HorizonReadInterval) = (TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(5))
        );
        await cluster.SettledAsync();
        var shardMap = cluster.Get<ShardMap>(0);
        var group = Enumerable
            .Range(1, 100)
            .Select(n => cluster.Client.GetGrain<IGroupGrain>($"{n}.SH.tea"))
            .First(group =>
                cluster.Silos[0].SiloAddress.Equals(shardMap.Of(GroupId.Parse(group.GetPrimaryKeyString()).Shard))
            );
        RequestContext.Set(IPlacementDirector.PlacementHintKey, cluster.Silos[1].SiloAddress);
        Assert.True((await group.Publish(Offer)).Succeeded);
        RequestContext.Clear();
        Assert.Equal(cluster.Silos[1].SiloAddress, await cluster.WhereAsync(group));
        await group.Join(new JoinGroup("user-1"));
        var closed = await TestSilo.UntilAsync(group, 1, order => order.Status == OrderStatus.Closed);
        Assert.Equal(CloseReason.PaymentWindowOver, closed.CloseReason);
    }

    [Fact]
    public async Task SiloThatJoinsTakesItsShareOfShards()
    {
        await using var cluster = await TestCluster.StartAsync(1);
        await cluster.SettledAsync();
        await cluster.AddAsync();
        await cluster.SettledAsync();
        Assert.InRange(cluster.Get<OwnedShards>(1).Count, ShardId.Count / 3, ShardId.Count * 2 / 3);
        await cluster.StopAsync(cluster.Silos[1]);
        await cluster.SettledAsync();
        Assert.Equal(ShardId.Count, cluster.Get<OwnedShards>(0).Count);
    }

    private static async Task<T> RetryAsync<T>(Func<Task<T>> call)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (true)
        {
            try
            {
                return await call();
            }
            catch (Exception e)
                when (e
                        is StoreUnavailableException
                            or SiloUnavailableException
                            or OrleansMessageRejectionException
                            or TimeoutException
                )
            {
                await Task.Delay(50, bound.Token);
            }
        }
    }
}
