using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Setting;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Store.Slots;
using GroupBuyActors.Streams;

namespace GroupBuyActors.Slots;

/// <summary>Two silos with two databases, each with half of the merchant slots.</summary>
public sealed class TwoDatabasesTests
{
    // Merchant slots 1 and 100.
    private const string Low = "1.SH.tea",
        High = "100.SH.tea";

    private static readonly GroupTermsRequest Offer = new()
    {
        Title = "Tea",
        Sku = "tea",
        UnitPrice = new Money(1_500, "CNY"),
        MinGroupSize = 100,
        PaymentWindow = TimeSpan.FromSeconds(3),
    };

    [Fact]
    public async Task OneOfTwoDatabasesThatIsGoneStopsItsSlotsOnlyAndTheyGoOnWhenItIsBack()
    {
        await using var cluster = await TestCluster.StartInTwoDatabasesAsync(2);
        await cluster.SettledAsync();
        var (low, high) = (cluster.Client.GetGrain<IGroupGrain>(Low), cluster.Client.GetGrain<IGroupGrain>(High));
        foreach (var group in (IGroupGrain[])[low, high])
            Assert.True((await group.Publish(Offer)).Succeeded);
        await EachIsInItsDatabaseAsync(cluster);

        // This order is due while its database is away, and closes afterwards.
        Assert.True((await high.Join(Join("before"))).Succeeded);
        cluster.Proxy!.Refuse(true);
        cluster.Proxy.CutAll();
        await UntilAsync(() => cluster.Get<ISiloGate>(0).RefusalReasonFor(GroupId.Parse(High).Shard) is not null);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => high.Join(Join("during")));
        Assert.Null(cluster.Get<ISiloGate>(0).ClosedBecause);

        var joined = await low.Join(Join("during"));
        Assert.True(joined.Succeeded);
        await UntilAsync(() => OwnedOf(cluster, high: true) == 0);
        Assert.Equal(ShardId.Count / 2, OwnedOf(cluster, high: false));
        var closed = await TestSilo.UntilAsync(low, 1, order => order.Status == OrderStatus.Closed);
        Assert.Equal(CloseReason.PaymentWindowOver, closed.CloseReason);
        await Assert.ThrowsAnyAsync<Exception>(() =>
            cluster.Get<IGroupQueries>(0).GroupsAsync(new GroupFilter(), null, 10, CancellationToken.None)
        );

        cluster.Proxy.Refuse(false);
        await UntilAsync(() => cluster.Get<ISiloGate>(0).RefusalReasonFor(GroupId.Parse(High).Shard) is null);
        await cluster.SettledAsync();
        Assert.Equal(
            CloseReason.PaymentWindowOver,
            (
                await RetryAsync(() => TestSilo.UntilAsync(high, 1, order => order.Status == OrderStatus.Closed))
            ).CloseReason
        );
        Assert.True((await RetryAsync(() => high.Join(Join("after")))).Succeeded);
        // Lists follow by up to the wait between two tries of a projection.
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (!(await ListedAsync(cluster, bound.Token)).SetEquals([Low, High]))
            await Task.Delay(50, bound.Token);
    }

    private static async Task<HashSet<string>> ListedAsync(TestCluster cluster, CancellationToken cancellation)
    {
        var page = await cluster.Get<IGroupQueries>(1).GroupsAsync(new GroupFilter(), null, 10, cancellation);
        return [.. page.Items.Select(view => view.GroupId.Value)];
    }

    [Fact]
    public async Task AKilledSilosGroupsAndTasksGoOnInBothDatabases()
    {
        await using var cluster = await TestCluster.StartInTwoDatabasesAsync(2);
        await cluster.SettledAsync();
        var groups = Enumerable
            .Range(60, 10)
            .Select(merchant => cluster.Client.GetGrain<IGroupGrain>($"{merchant}.SH.tea"))
            .ToList();
        foreach (var group in groups)
        {
            Assert.True((await group.Publish(Offer)).Succeeded);
            Assert.True((await group.Join(Join("buyer"))).Succeeded);
        }

        await cluster.KillAsync(cluster.Silos[1]);
        foreach (var group in groups)
            Assert.True((await RetryAsync(() => group.Join(Join("buyer")))).Replayed);
        await cluster.SettledAsync();
        foreach (var group in groups)
            await RetryAsync(() => TestSilo.UntilAsync(group, 1, order => order.Status == OrderStatus.Closed));
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while ((await cluster.Get<IStreams>(0).ListAsync(bound.Token)).Any(row => row.State == StreamState.Dead))
            await Task.Delay(50, bound.Token);
    }

    private static JoinGroup Join(string key) => new($"user-{key}", 1, new RequestKey(key, "f"));

    private static int OwnedOf(TestCluster cluster, bool high) =>
        cluster.Silos.Count == 0
            ? 0
            : Enumerable
                .Range(0, cluster.Silos.Count)
                .Sum(silo => cluster.Get<OwnedShards>(silo).ToList().Count(shard => shard.MerchantSlot >= 64 == high));

    private static async Task EachIsInItsDatabaseAsync(TestCluster cluster)
    {
        var stores = cluster.Get<SlotStores>(0);
        foreach (var group in (string[])[Low, High])
        {
            var actor = GroupId.Parse(group).Actor;
            foreach (var store in stores.All)
                Assert.Equal(
                    store == stores.Of(actor),
                    await store.Reader.HeadAsync(actor, CancellationToken.None) > 0
                );
        }
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (!holds())
            await Task.Delay(20, bound.Token);
    }

    /// <summary>A group that lost its database or its silo answers again after a moment.</summary>
    private static async Task<T> RetryAsync<T>(Func<Task<T>> call)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (true)
        {
            try
            {
                return await call();
            }
            catch (Exception e) when (e is StoreUnavailableException or OrleansException or TimeoutException)
            {
                await Task.Delay(50, bound.Token);
            }
        }
    }
}
