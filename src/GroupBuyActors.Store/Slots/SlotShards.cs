using GroupBuyActors.Committing;
using GroupBuyActors.Store.Placement;

namespace GroupBuyActors.Store.Slots;

/// <summary>
/// The owners of shards; each database has those of its slots. A database that does not answer keeps its shards as they
/// are, and the caller's next pass asks it again.
/// </summary>
internal sealed class SlotShards(SlotStores stores) : IShards
{
    public async Task<IReadOnlyList<ShardRow>> ReadAsync(CancellationToken cancellation)
    {
        var rows = await stores
            .FromEachAsync(
                stores.All,
                async (store, ct) =>
                    (await store.Shards.ReadAsync(ct).ConfigureAwait(false)).Where(row =>
                        store.Range.Contains(row.Shard)
                    ),
                cancellation
            )
            .ConfigureAwait(false);
        return [.. rows.SelectMany(some => some)];
    }

    public async Task<IReadOnlyList<ShardRow>> TakeAsync(
        SiloIdentity self,
        IReadOnlyCollection<ShardId> shards,
        IReadOnlyCollection<string> fenced,
        CancellationToken cancellation
    )
    {
        var byStore = shards.ToLookup(stores.Of);
        var taken = await stores
            .FromEachAsync(
                byStore.Select(some => some.Key),
                (store, ct) => store.Shards.TakeAsync(self, [.. byStore[store]], fenced, ct),
                cancellation
            )
            .ConfigureAwait(false);
        return [.. taken.SelectMany(some => some)];
    }

    public Task ReleaseAsync(
        SiloIdentity self,
        IReadOnlyCollection<ShardId> shards,
        SiloIdentity? successor,
        CancellationToken cancellation
    )
    {
        var byStore = shards.ToLookup(stores.Of);
        return stores.FromEachAsync(
            byStore.Select(some => some.Key),
            async (store, ct) =>
            {
                await store.Shards.ReleaseAsync(self, [.. byStore[store]], successor, ct).ConfigureAwait(false);
                return true;
            },
            cancellation
        );
    }
}
