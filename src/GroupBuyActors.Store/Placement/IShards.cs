using GroupBuyActors.Committing;

namespace GroupBuyActors.Store.Placement;

/// <summary>Who owns a shard's tasks. A null owner is nobody.</summary>
internal sealed record ShardRow(ShardId Shard, string? OwnerAddress, string? OwnerSlot, long Epoch);

/// <summary>Ownership of shards. Epochs only grow.</summary>
internal interface IShards
{
    /// <summary>All 2,048 rows.</summary>
    Task<IReadOnlyList<ShardRow>> ReadAsync(CancellationToken cancellation);

    /// <summary>
    /// Takes those of the shards that nobody owns, that were released to <paramref name="self"/>, or whose owner is
    /// among <paramref name="fenced"/> (addresses whose streams are dead), in one statement; gives those now owned by
    /// self.
    /// </summary>
    Task<IReadOnlyList<ShardRow>> TakeAsync(
        SiloIdentity self,
        IReadOnlyCollection<ShardId> shards,
        IReadOnlyCollection<string> fenced,
        CancellationToken cancellation
    );

    /// <summary>Gives owned shards to a successor by name (its address), or to nobody.</summary>
    Task ReleaseAsync(
        SiloIdentity self,
        IReadOnlyCollection<ShardId> shards,
        SiloIdentity? successor,
        CancellationToken cancellation
    );
}
