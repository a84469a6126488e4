using GroupBuyActors.Committing;
using GroupBuyActors.Store.Placement;

namespace GroupBuyActors.Store.Tests.Placement;

public sealed class SqliteShardTests(SqliteFiles files) : ShardTests(files);

public sealed class MySqlShardTests(MariaDb server) : ShardTests(server);

/// <summary>A shard has one owner; a living owner's passes only by its own release.</summary>
public abstract class ShardTests(IDatabaseFixture databases)
{
    private static readonly ShardId[] All = Enumerable.Range(0, ShardId.Count).Select(n => new ShardId(n)).ToArray();
    private static readonly SiloIdentity A = new("S127.0.0.1:11111:1", "silo-0");
    private static readonly SiloIdentity B = new("S127.0.0.1:11112:1", "silo-1");

    [Fact]
    public async Task NobodysShardsAreTakenOnce()
    {
        await using var store = await TestStore.NewAsync(databases);
        var outcomes = await Task.WhenAll(
            store.Shards.TakeAsync(A, All, [], default),
            store.Shards.TakeAsync(B, All, [], default)
        );
        Assert.Equal(ShardId.Count, outcomes.Sum(taken => taken.Count));
        Assert.All(outcomes.SelectMany(taken => taken), row => Assert.Equal(1, row.Epoch));
        Assert.Equal(ShardId.Count, (await store.Shards.ReadAsync(default)).Count(row => row.OwnerAddress is not null));
    }

    [Fact]
    public async Task ALivingOwnersShardsStay()
    {
        await using var store = await TestStore.NewAsync(databases);
        await store.Shards.TakeAsync(A, All, [], default);
        Assert.Empty(await store.Shards.TakeAsync(B, All, [], default));
        Assert.Empty(await store.Shards.TakeAsync(B, All, ["S127.0.0.1:9:9"], default));
    }

    [Fact]
    public async Task AFencedOwnersShardsAreTakenInOneStatement()
    {
        await using var store = await TestStore.NewAsync(databases);
        await store.Shards.TakeAsync(A, All, [], default);
        var taken = await store.Shards.TakeAsync(
            B,
            All.Where(shard => shard.Index % 2 == 0).ToArray(),
            [A.Address, "S127.0.0.1:9:9"],
            default
        );
        Assert.Equal(ShardId.Count / 2, taken.Count);
        Assert.All(taken, row => Assert.Equal((B.Address, B.Slot, 2L), (row.OwnerAddress, row.OwnerSlot, row.Epoch)));
        Assert.Equal(A.Address, (await store.Shards.ReadAsync(default))[1].OwnerAddress);
    }

    [Fact]
    public async Task TakingAgainChangesNothing()
    {
        await using var store = await TestStore.NewAsync(databases);
        await store.Shards.TakeAsync(A, [All[3]], [], default);
        Assert.Equal(
            [new ShardRow(All[3], A.Address, A.Slot, 1)],
            await store.Shards.TakeAsync(A, [All[3]], [], default)
        );
    }

    [Fact]
    public async Task AReleaseNamesTheSuccessorAndNobodyElseCanTake()
    {
        await using var store = await TestStore.NewAsync(databases);
        var c = new SiloIdentity("S127.0.0.1:11113:1", "silo-2");
        await store.Shards.TakeAsync(A, [All[3], All[4], All[5]], [], default);
        await store.Shards.ReleaseAsync(A, [All[3]], B, default);
        await store.Shards.ReleaseAsync(A, [All[4]], null, default);
        await store.Shards.ReleaseAsync(B, [All[5]], B, default);
        Assert.Equal(
            [All[4]],
            (await store.Shards.TakeAsync(c, [All[3], All[4], All[5]], [], default)).Select(row => row.Shard)
        );
        Assert.Equal(
            [new ShardRow(All[3], B.Address, B.Slot, 2)],
            await store.Shards.TakeAsync(B, [All[3], All[4], All[5]], [], default)
        );
        Assert.Equal(A.Address, (await store.Shards.ReadAsync(default))[5].OwnerAddress);
    }
}
