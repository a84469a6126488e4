using GroupBuyActors.Committing;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tests.Slots;

public sealed class SqliteSlotTableTests(SqliteFiles files) : SlotTableTests(files);

public sealed class MySqlSlotTableTests(MariaDb server) : SlotTableTests(server);

/// <summary>What a database says of the merchant slots that it holds.</summary>
public abstract class SlotTableTests(IDatabaseFixture databases)
{
    [Fact]
    public async Task SilosStartAgainOnTheDatabasesThatTheyStartedOnFirst()
    {
        var (low, high) = (await databases.NewDatabaseAsync(), await databases.NewDatabaseAsync());
        foreach (var _ in (int[])[1, 2])
        {
            await using var store = Open(("0-63", low), ("64-127", high));
            await store.Health.MigrateAsync(default);
        }
    }

    [Fact]
    public async Task TwoRangesCannotHaveOneDatabase()
    {
        var both = await databases.NewDatabaseAsync();
        Assert.Contains(
            "configured for merchant slots 64-127 holds slots 0-63",
            await RefusalAsync(("0-63", both), ("64-127", both)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task RangesCannotBeChangedAfterTheFirstStart()
    {
        var (low, high) = (await databases.NewDatabaseAsync(), await databases.NewDatabaseAsync());
        await using (var store = Open(("0-63", low), ("64-127", high)))
            await store.Health.MigrateAsync(default);
        Assert.Contains(
            "configured for merchant slots 0-31 holds slots 0-63",
            await RefusalAsync(("0-31", low), ("32-127", high)),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "configured for merchant slots 0-63 holds slots 64-127",
            await RefusalAsync(("0-63", high), ("64-127", low)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task TheOnlyDatabaseHoldsAllSlotsAndCannotBecomeOneOfTwo()
    {
        var all = await databases.NewDatabaseAsync();
        await using (var store = TestStore.Open(databases.Provider, all))
            await store.Health.MigrateAsync(default);
        Assert.Contains(
            "configured for merchant slots 0-63 holds slots 0-127",
            await RefusalAsync(("0-63", all), ("64-127", await databases.NewDatabaseAsync())),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task ADatabaseOfAnotherClusterIsRefused()
    {
        var (low, high) = (await databases.NewDatabaseAsync(), await databases.NewDatabaseAsync());
        await using (var store = Open(("0-63", low), ("64-127", high)))
            await store.Health.MigrateAsync(default);
        Assert.Contains(
            "belongs to another cluster",
            await RefusalAsync(("0-63", await databases.NewDatabaseAsync()), ("64-127", high)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task ACommitIsOfOneDatabaseAndItsStreamTellsWhich()
    {
        await using var store = await TestStore.NewInTwoAsync(databases);
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var committer = store.Get<ICommitter>();
        await committer.StartAsync(new SiloIdentity("S127.0.0.1:1:1", "silo-0"), bound.Token);
        ShardId low = new(3),
            high = new(64 * ShardId.RegionSlots);
        foreach (var shard in (ShardId[])[low, high])
        {
            using var reservation = committer.TryReserve(shard)!;
            var result = await committer.CommitAsync(reservation, Scheduling(shard, shard));
            Assert.Equal(CommitStatus.Committed, result.Status);
            Assert.Same(store.Stores.Of(shard), store.Stores.OfStream(result.At.Stream));
            Assert.Equal(1, (await store.Stores.Of(shard).Tasks.CountAsync([shard], bound.Token)).Single().Tasks);
            Assert.NotEqual(0, committer.FenceConfirmedFor(shard));
        }

        Assert.Equal(2, store.Stores.All.Select(one => one.Streams.ListAsync(bound.Token)).Distinct().Count());
        Assert.NotEqual(committer.DatabaseOf(low), committer.DatabaseOf(high));
        using var taken = committer.TryReserve(low)!;
        await Assert.ThrowsAsync<ArgumentException>(() => committer.CommitAsync(taken, Scheduling(low, high)));
        await committer.StopAsync(bound.Token);
    }

    private static Commit Scheduling(ShardId shard, ShardId ofTask) =>
        new()
        {
            Id = Guid.NewGuid(),
            Shard = shard,
            Token = new ActivationToken(),
            Run = new TaskRun(new TaskKey(shard, Samples.Noon, "run"), 1),
            Schedules =
            [
                new TimedTask
                {
                    Key = new TaskKey(ofTask, Samples.Noon, TaskIds.Of("voucher-scan", ofTask, Samples.Noon)),
                    Type = "voucher-scan",
                    NextAt = Samples.Noon,
                },
            ],
        };

    private TestStore Open(params (string Range, string ConnectionString)[] slots) =>
        TestStore.Open(databases.Provider, slots[0].ConnectionString, slots);

    private async Task<string> RefusalAsync(params (string Range, string ConnectionString)[] slots)
    {
        await using var store = Open(slots);
        return (await Assert.ThrowsAsync<StoreUnusableException>(() => store.Health.MigrateAsync(default))).Message;
    }
}
