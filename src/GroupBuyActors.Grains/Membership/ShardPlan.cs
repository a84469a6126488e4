using GroupBuyActors.Placement;
using GroupBuyActors.Store.Placement;

namespace GroupBuyActors.Membership;

/// <summary>What is to happen to this silo's shards, by one reading of their table.</summary>
internal sealed class ShardPlan
{
    private readonly HashSet<ShardId> _wanted;
    private readonly IReadOnlyCollection<ShardRow> _rows;

    public ShardPlan(
        IReadOnlyCollection<ShardRow> rows,
        ClusterMembershipSnapshot snapshot,
        ShardMap shardMap,
        string self
    )
    {
        _rows = rows;
        _wanted = [.. shardMap.Here()];
        Owned = rows.Where(row => row.OwnerAddress == self).ToDictionary(row => row.Shard, row => row.Epoch);
        Away = [.. Owned.Keys.Where(shard => !_wanted.Contains(shard))];
        Missing = [.. _wanted.Where(shard => !Owned.ContainsKey(shard))];
        // Every stream of these was dead when the table was read, and who is no member cannot allocate another.
        Gone =
        [
            .. rows.Select(row => row.OwnerAddress)
                .OfType<string>()
                .Distinct()
                .Where(owner => !snapshot.HasMember(owner)),
        ];
    }

    /// <summary>Shards that this silo owns, with the epoch of its ownership.</summary>
    public Dictionary<ShardId, long> Owned { get; }

    /// <summary>Of these, those that are at home elsewhere.</summary>
    public IReadOnlyList<ShardId> Away { get; }

    /// <summary>Shards that are at home here and not owned here.</summary>
    public IReadOnlyList<ShardId> Missing { get; }

    /// <summary>Owners that are no members of the cluster.</summary>
    public IReadOnlyList<string> Gone { get; }

    /// <summary>Shards at home here that are owned here now, with their epochs.</summary>
    public IEnumerable<(ShardId Shard, long Epoch)> OwnedAtHome =>
        Owned.Where(own => _wanted.Contains(own.Key)).Select(own => (own.Key, own.Value));

    /// <summary>Members that own shards which are at home here.</summary>
    public IEnumerable<SiloAddress> OwnersOfMissing =>
        _rows
            .Where(row => _wanted.Contains(row.Shard) && !Owned.ContainsKey(row.Shard))
            .Select(row => row.OwnerAddress)
            .OfType<string>()
            .Except(Gone)
            .Select(SiloAddress.FromParsableString);

    /// <summary>Some of <see cref="Missing"/> are owned here now.</summary>
    public void Took(IEnumerable<ShardRow> taken, string self)
    {
        foreach (var row in taken)
            if (row.OwnerAddress == self)
                Owned[row.Shard] = row.Epoch;
    }
}
