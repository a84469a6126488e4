using GroupBuyActors.Committing;

namespace GroupBuyActors.Store.Placement;

/// <summary>Which silo owns each shard.</summary>
internal interface IShards
{
    /// <summary>All 2,048 rows; of several databases, the rows of those that answer.</summary>
    Task<IReadOnlyList<ShardRow>> ReadAsync(CancellationToken cancellation);

    /// <summary>
    /// Takes those of the shards that nobody owns, or whose owner is among <paramref name="fenced"/> (addresses whose
    /// streams are dead), in one statement. Returns those that <paramref name="self"/> now owns, including those that
    /// were released to it.
    /// </summary>
    Task<IReadOnlyList<ShardRow>> TakeAsync(
        SiloIdentity self,
        IReadOnlyCollection<ShardId> shards,
        IReadOnlyCollection<string> fenced,
        CancellationToken cancellation
    );

    /// <summary>Releases owned shards to a successor, or to nobody.</summary>
    Task ReleaseAsync(
        SiloIdentity self,
        IReadOnlyCollection<ShardId> shards,
        SiloIdentity? successor,
        CancellationToken cancellation
    );
}
