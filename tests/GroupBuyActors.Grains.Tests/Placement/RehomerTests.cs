using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Membership;
using GroupBuyActors.Reading;
using GroupBuyActors.Setting;
using GroupBuyActors.TestActors;

namespace GroupBuyActors.Placement;

/// <summary>Actors follow the homes of their shards when silos come and go.</summary>
public sealed class RehomerTests
{
    private const int Groups = 60;

    private static readonly GroupTermsRequest Offer = new()
    {
        Title = "Tea",
        Sku = "tea",
        UnitPrice = new Money(1_500, "CNY"),
        MinGroupSize = 100_000,
        PaymentWindow = TimeSpan.FromHours(1),
    };

    [Fact]
    public async Task ASiloThatJoinsGetsTheActorsThatAreAtHomeOnItWithTheirMemoryAndNoOthers()
    {
        await using var cluster = await StartAsync(1);
        var calls = cluster.Get<IGrainFactory>(0);
        var groups = await PublishAsync(calls);
        var accounts = Enumerable.Range(1, Groups).Select(n => calls.GetGrain<IAccount>($"{n}.SH.savings")).ToList();
        foreach (var account in accounts)
            Assert.Equal(5, await account.Deposit("r1", 5));
        var reminders = await RemindersAsync(cluster, groups);

        await cluster.AddAsync();
        await cluster.SettledAsync();
        await cluster.ActorsAtHomeAsync();

        var shardMap = cluster.Get<ShardMap>(0);
        var moved = groups.Count(group => !shardMap.IsHere(ShardOf(group)));
        Assert.InRange(moved, Groups / 5, Groups * 4 / 5);
        foreach (var group in groups)
        {
            Assert.Equal(shardMap.Of(ShardOf(group)), await cluster.WhereAsync(group));
            Assert.True((await JoinAsync(group)).Replayed);
        }

        foreach (var account in accounts)
        {
            Assert.Equal(shardMap.Of(ShardOf(account)), await cluster.WhereAsync(account));
            Assert.Equal(5, await account.Deposit("r1", 5));
        }

        // Nobody was activated a second time where it was, and nobody was loaded where it went.
        Assert.Equal(Groups, cluster.Get<ActiveGroups>(0).Activations);
        Assert.Equal(moved, cluster.Get<ActiveGroups>(1).Activations);
        Assert.Equal((0, 0), (ReaderOf(cluster, 1).Loads, ReaderOf(cluster, 0).Snapshots));
        Assert.Equal(reminders, await RemindersAsync(cluster, groups));
    }

    [Fact]
    public async Task CallsThatArriveWhileGroupsMoveAreAnswered()
    {
        await using var cluster = await StartAsync(1);
        var calls = cluster.Get<IGrainFactory>(0);
        var groups = await PublishAsync(calls);
        using var enough = new CancellationTokenSource();
        var buyers = groups.Select(group => BuyAsync(group, enough.Token)).ToList();
        await cluster.AddAsync();
        await cluster.SettledAsync();
        await cluster.ActorsAtHomeAsync();
        await enough.CancelAsync();
        var joined = await Task.WhenAll(buyers).WaitAsync(TestSilo.Bound);
        foreach (var (group, joins) in groups.Zip(joined))
            Assert.Equal(joins + 1, (await group.Get()).Value!.SeatsTaken);
    }

    [Fact]
    public async Task TheReportShowsWhatIsStillToMove()
    {
        await using var cluster = await StartAsync(2);
        var map = cluster.Get<ShardMap>(0);
        var away = Enumerable
            .Range(1, 200)
            .Select(n => cluster.Get<IGrainFactory>(0).GetGrain<IGroupGrain>($"{n}.SH.tea"))
            .First(group => !map.IsHere(ShardOf(group)));
        RequestContext.Set(Orleans.Runtime.Placement.IPlacementDirector.PlacementHintKey, cluster.Silos[0].SiloAddress);
        Assert.True((await away.Publish(Offer)).Succeeded);
        RequestContext.Clear();
        Assert.Equal(cluster.Silos[0].SiloAddress, await cluster.WhereAsync(away));
        Assert.Equal(1, await ToMoveAsync(cluster));
        var pass = await cluster.Get<Rehomer>(0).RunOnceAsync(CancellationToken.None);
        Assert.Equal(new RehomePass(Moved: 1, Left: 0), pass);
        Assert.Equal(0, await ToMoveAsync(cluster));
        Assert.Equal(cluster.Silos[1].SiloAddress, await cluster.WhereAsync(away));
    }

    [Fact]
    public async Task AGroupThatWaitsForAPortIsMovedLater()
    {
        await using var cluster = await StartAsync(2);
        var map = cluster.Get<ShardMap>(0);
        var away = Enumerable
            .Range(1, 200)
            .Select(n => cluster.Get<IGrainFactory>(0).GetGrain<IGroupGrain>($"{n}.SH.tea"))
            .First(group => !map.IsHere(ShardOf(group)));
        var held = cluster.Ports.Hold("reserve:");
        RequestContext.Set(Orleans.Runtime.Placement.IPlacementDirector.PlacementHintKey, cluster.Silos[0].SiloAddress);
        var publication = away.Publish(Offer);
        RequestContext.Clear();
        await cluster.Ports.CalledAsync("reserve:");
        var rehomer = cluster.Get<Rehomer>(0);
        Assert.Equal(new RehomePass(Moved: 0, Left: 1), await rehomer.RunOnceAsync(CancellationToken.None));
        held.SetResult(Ports.PortAnswer.Done);
        Assert.True((await publication).Succeeded);
        Assert.Equal(new RehomePass(Moved: 1, Left: 0), await rehomer.RunOnceAsync(CancellationToken.None));
    }

    [Fact]
    public async Task ASiloThatMayNotAnswerMovesNothing()
    {
        await using var cluster = await StartAsync(1);
        await PublishAsync(cluster.Get<IGrainFactory>(0));
        cluster.Get<SiloGate>(0).Close("The silo is fenced.");
        await cluster.AddAsync();
        var pass = await cluster.Get<Rehomer>(0).RunOnceAsync(CancellationToken.None);
        Assert.Equal(0, pass.Moved);
        Assert.InRange(pass.Left, 1, Groups);
        Assert.Equal(Groups, cluster.Get<ActiveGroups>(0).Count);
        cluster.Get<SiloGate>(0).Open();
    }

    /// <summary>Publishes groups with one buyer each.</summary>
    internal static async Task<List<IGroupGrain>> PublishAsync(IGrainFactory calls)
    {
        var groups = Enumerable.Range(1, Groups).Select(n => calls.GetGrain<IGroupGrain>($"{n}.SH.tea")).ToList();
        foreach (var group in groups)
        {
            Assert.True((await group.Publish(Offer)).Succeeded);
            Assert.False((await JoinAsync(group)).Replayed);
        }

        return groups;
    }

    internal static Task<Reply<OrderView>> JoinAsync(IGroupGrain group) =>
        group.Join(new JoinGroup("user-1", 1, new RequestKey("r1", "f")));

    /// <summary>Lets buyer after buyer join; returns how many did. Throws if a call fails or is refused.</summary>
    internal static async Task<int> BuyAsync(IGroupGrain group, CancellationToken enough)
    {
        var joins = 0;
        while (!enough.IsCancellationRequested)
        {
            var reply = await group.Join(new JoinGroup($"buyer-{++joins}"));
            Assert.Null(reply.Refusal);
            await Task.Delay(5, CancellationToken.None);
        }

        return joins;
    }

    internal static async Task<TestCluster> StartAsync(short silos)
    {
        var cluster = await TestCluster.StartAsync(
            silos,
            services: services =>
            {
                services.AddAccounts();
                CountingReader.Wrap(services);
            }
        );
        await cluster.SettledAsync();
        return cluster;
    }

    internal static CountingReader ReaderOf(TestCluster cluster, int silo) =>
        (CountingReader)cluster.Get<IActorReader>(silo);

    internal static ShardId ShardOf(IAddressable grain) => new ActorId("actors", grain.GetPrimaryKeyString()).Shard;

    private static async Task<int> ToMoveAsync(TestCluster cluster) =>
        (await cluster.Get<ClusterReport>(1).SilosAsync(CancellationToken.None)).Sum(silo => silo.ActorsToMove);

    private static async Task<List<string>> RemindersAsync(TestCluster cluster, List<IGroupGrain> groups)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        var written = new List<string>();
        foreach (var group in groups)
        {
            ReminderTableData rows;
            while ((rows = await cluster.Get<IReminderTable>(0).ReadRows(group.GetGrainId())).Reminders.Count != 1)
                await Task.Delay(20, bound.Token);
            written.Add(rows.Reminders[0].ETag!);
        }

        return written;
    }
}
