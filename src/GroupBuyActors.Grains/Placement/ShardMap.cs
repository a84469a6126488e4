using Orleans.Runtime.MembershipService.SiloMetadata;

namespace GroupBuyActors.Placement;

/// <summary>
/// Where each shard is at home: the one function for groups and for tasks, so that both live on one silo. It follows
/// the membership this silo knows; asked for all 2,048 shards at once only when that changes.
/// </summary>
internal sealed class ShardMap(
    IClusterMembershipService membership,
    ILocalSiloDetails self,
    ISiloMetadataCache? metadata = null
)
{
    /// <summary>The key of a silo's region in its metadata.</summary>
    public const string RegionKey = "groupbuy.region";

    private volatile Map? _map;
    private volatile bool _leaving;

    /// <summary>The home of a shard; null while no silo is known that could be one.</summary>
    public SiloAddress? Of(ShardId shard) => Current().ShardMap[shard.Index];

    /// <summary>True for a shard that is at home on this silo.</summary>
    public bool IsHere(ShardId shard) => self.SiloAddress.Equals(Of(shard));

    /// <summary>
    /// True where this silo adopts a stream whose silo is gone. Stream ids are random, so they spread like shards.
    /// </summary>
    public bool IsStreamHere(long stream) => IsHere(new ShardId((int)((ulong)stream % ShardId.Count)));

    /// <summary>All shards that are at home on this silo.</summary>
    public IEnumerable<ShardId> Here() =>
        Enumerable.Range(0, ShardId.Count).Select(index => new ShardId(index)).Where(IsHere);

    /// <summary>The best of given silos, where the home is not among them.</summary>
    public SiloAddress Among(ShardId shard, SiloAddress[] silos)
    {
        var names = Current().Names;
        var slots = Array.ConvertAll(
            silos,
            silo => new SiloSlot(names.GetValueOrDefault(silo) ?? silo.ToParsableString(), RegionOf(silo))
        );
        var home = Rendezvous.Home(shard, slots);
        return home >= 0 ? silos[home] : throw new OrleansException("No silo is available for the group.");
    }

    /// <summary>A silo's region, or null.</summary>
    public string? RegionOf(SiloAddress silo) => metadata?.GetSiloMetadata(silo)?.Metadata.GetValueOrDefault(RegionKey);

    /// <summary>From now on this silo is nobody's home: it stops.</summary>
    public void Leave()
    {
        _leaving = true;
        _map = null;
    }

    /// <summary>Looks at the silos anew: regions become known a moment after their silos.</summary>
    public void Refresh() => _map = null;

    private Map Current()
    {
        var snapshot = membership.CurrentSnapshot;
        return _map is { } map && map.Version == snapshot.Version ? map : _map = Build(snapshot);
    }

    private Map Build(ClusterMembershipSnapshot snapshot)
    {
        // This silo counts from the moment it joins, so that it takes its shards before it serves.
        var silos = snapshot
            .Members.Values.Where(member =>
                member.SiloAddress.Equals(self.SiloAddress)
                    ? !_leaving && member.Status is SiloStatus.Joining or SiloStatus.Active
                    : member.Status == SiloStatus.Active
            )
            .ToArray();
        var slots = Array.ConvertAll(silos, silo => new SiloSlot(silo.Name, RegionOf(silo.SiloAddress)));
        var shardMap = new SiloAddress?[ShardId.Count];
        for (var i = 0; i < shardMap.Length; i++)
            if (Rendezvous.Home(new ShardId(i), slots) is >= 0 and var home)
                shardMap[i] = silos[home].SiloAddress;
        return new Map(snapshot.Version, shardMap, silos.ToDictionary(silo => silo.SiloAddress, silo => silo.Name));
    }

    private sealed record Map(
        MembershipVersion Version,
        SiloAddress?[] ShardMap,
        Dictionary<SiloAddress, string> Names
    );
}
