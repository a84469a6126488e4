using System.Collections.Concurrent;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace GroupBuyActors.Placement;

/// <summary>
/// The home of each shard: the same function for groups and for tasks, so that both are on one silo. It follows the
/// membership that this silo knows, and is computed for all 2,048 shards only when that changes.
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

    // Silos that have said that they leave, this one included. An address is used for one run of a silo only, so that
    // none is ever removed.
    private readonly ConcurrentDictionary<SiloAddress, byte> _leaving = new();

    // Counts what changes a map besides the membership: a map that was begun before the last change is not used.
    private int _changes;

    /// <summary>The home of a shard; null while no silo is available.</summary>
    public SiloAddress? Of(ShardId shard) => Current().SiloOfShard[shard.Index];

    /// <summary>True for a shard that is at home on this silo.</summary>
    public bool IsHere(ShardId shard) => Of(shard) is { } home && IsSelf(home);

    /// <summary>True for this silo's own address.</summary>
    public bool IsSelf(SiloAddress silo) => self.SiloAddress.Equals(silo);

    /// <summary>True once this silo is no home any more, because it stops.</summary>
    public bool IsSelfLeaving => IsLeaving(self.SiloAddress);

    /// <summary>
    /// True once a silo has said that it stops: it still answers, but is the home of no shard.
    /// </summary>
    public bool IsLeaving(SiloAddress silo) => _leaving.ContainsKey(silo);

    /// <summary>
    /// True where this silo adopts a stream whose silo is gone. Stream ids are random, so they spread like shards.
    /// </summary>
    public bool IsStreamHere(long stream) => IsHere(new ShardId((int)((ulong)stream % ShardId.Count)));

    /// <summary>All shards that are at home on this silo.</summary>
    public IEnumerable<ShardId> Here() =>
        Enumerable.Range(0, ShardId.Count).Select(index => new ShardId(index)).Where(IsHere);

    /// <summary>The best of the given silos for a shard whose home is not among them.</summary>
    public SiloAddress Among(ShardId shard, SiloAddress[] silos)
    {
        var names = Current().Names;
        // All leave at the same time when the whole cluster stops.
        if (Array.FindAll(silos, silo => !IsLeaving(silo)) is { Length: > 0 } staying)
            silos = staying;
        var slots = Array.ConvertAll(
            silos,
            silo => new SiloSlot(names.GetValueOrDefault(silo) ?? silo.ToParsableString(), RegionOf(silo))
        );
        var home = Rendezvous.Home(shard, slots);
        return home >= 0 ? silos[home] : throw new OrleansException("No silo is available for the group.");
    }

    /// <summary>A silo's region, or null.</summary>
    public string? RegionOf(SiloAddress silo) => metadata?.GetSiloMetadata(silo)?.Metadata.GetValueOrDefault(RegionKey);

    /// <summary>Excludes this silo as a home from now on, because it stops.</summary>
    public void Leave() => Leave(self.SiloAddress);

    /// <summary>
    /// Excludes a silo as a home from now on, because it said that it stops; the membership tells it later.
    /// </summary>
    public void Leave(SiloAddress silo)
    {
        if (_leaving.TryAdd(silo, 0))
            Interlocked.Increment(ref _changes);
    }

    /// <summary>
    /// Causes the map to be computed again, because a silo's region becomes known later than the silo.
    /// </summary>
    public void Refresh() => Interlocked.Increment(ref _changes);

    private Map Current()
    {
        var (changes, snapshot) = (Volatile.Read(ref _changes), membership.CurrentSnapshot);
        return _map is { } map && map.Version == snapshot.Version && map.Changes == changes
            ? map
            : _map = Build(snapshot, changes);
    }

    private Map Build(ClusterMembershipSnapshot snapshot, int changes)
    {
        // This silo is included while it joins, so that it takes its shards before it serves.
        var silos = snapshot
            .Members.Values.Where(member =>
                !IsLeaving(member.SiloAddress)
                && (
                    member.Status == SiloStatus.Active
                    || (member.Status == SiloStatus.Joining && IsSelf(member.SiloAddress))
                )
            )
            .ToArray();
        var slots = Array.ConvertAll(silos, silo => new SiloSlot(silo.Name, RegionOf(silo.SiloAddress)));
        var siloOfShard = new SiloAddress?[ShardId.Count];
        for (var i = 0; i < siloOfShard.Length; i++)
            if (Rendezvous.Home(new ShardId(i), slots) is >= 0 and var home)
                siloOfShard[i] = silos[home].SiloAddress;
        return new Map(
            snapshot.Version,
            changes,
            siloOfShard,
            silos.ToDictionary(silo => silo.SiloAddress, silo => silo.Name)
        );
    }

    private sealed record Map(
        MembershipVersion Version,
        int Changes,
        SiloAddress?[] SiloOfShard,
        Dictionary<SiloAddress, string> Names
    );
}
