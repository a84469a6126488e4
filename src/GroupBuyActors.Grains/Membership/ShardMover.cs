using GroupBuyActors.Committing;
using GroupBuyActors.Placement;
using GroupBuyActors.Store.Placement;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Membership;

/// <summary>
/// Moves shards to where they are at home: this silo takes those that are at home here and nobody owns, or somebody
/// gone, and releases those that are at home elsewhere to their home by name. A silo that misses one asks its owner to
/// look.
/// </summary>
internal sealed class ShardMover(
    IClusterMembershipService membership,
    ILocalSiloDetails self,
    ShardMap shardMap,
    Shards shards,
    ShardTasks tasks,
    OwnedShards ownedHere,
    ClusterGateways gateways,
    ILogger<ShardMover> log
)
{
    private readonly SiloIdentity _self = self.Identity();

    /// <summary>True where as many shards are owned here as are at home here.</summary>
    public bool HasExpected => ownedHere.Count == AllShards().Count(IsHome);

    /// <summary>Takes and releases what is to be; throws where the store cannot.</summary>
    public async Task<(int Taken, int Released)> MoveAsync(
        ClusterMembershipSnapshot snapshot,
        CancellationToken cancellation
    )
    {
        var owners = await shards.ReadAsync(cancellation);
        // Every stream of these was dead when the table was read, and who is no member cannot allocate another.
        var gone = owners
            .Select(row => row.OwnerAddress)
            .OfType<string>()
            .Distinct()
            .Where(owner => !snapshot.HasMember(owner))
            .ToList();
        var wanted = AllShards().Where(IsHome).ToHashSet();
        var owned = owners
            .Where(row => row.OwnerAddress == _self.Address)
            .ToDictionary(row => row.Shard, row => row.Epoch);
        var strangers = ownedHere.ToList().Where(shard => !owned.ContainsKey(shard)).ToList();
        tasks.GiveUp(strangers);
        var away = owned.Keys.Where(shard => !wanted.Contains(shard)).ToList();
        tasks.GiveUp(away);
        Report(await ReleaseAsync(away, cancellation));
        var missing = wanted.Where(shard => !owned.ContainsKey(shard)).ToList();
        IReadOnlyList<ShardRow> taken =
            missing.Count == 0 ? [] : await shards.TakeAsync(_self, missing, gone, cancellation);
        foreach (var row in taken)
            if (row.OwnerAddress == _self.Address)
                owned[row.Shard] = row.Epoch;
        NotifyOwners(
            owners
                .Where(row => wanted.Contains(row.Shard) && !owned.ContainsKey(row.Shard))
                .Select(row => row.OwnerAddress)
                .OfType<string>()
                .Except(gone)
        );
        var fresh = owned
            .Where(own => wanted.Contains(own.Key) && ownedHere.EpochOf(own.Key) != own.Value)
            .Select(own => (own.Key, own.Value))
            .ToList();
        if (fresh.Count > 0)
        {
            tasks.Take(fresh);
            MembershipLog.ShardsTaken(log, fresh.Count, ownedHere.Count);
        }

        return (fresh.Count, away.Count);
    }

    /// <summary>Releases all shards owned here; gives those that have them now.</summary>
    public async Task<IReadOnlyList<SiloAddress>> ReleaseAllAsync(CancellationToken cancellation)
    {
        var owned = ownedHere.ToList();
        if (owned.Count == 0)
            return [];
        tasks.GiveUp(owned);
        return await ReleaseAsync(owned, cancellation);
    }

    /// <summary>Has these silos look at which shards are theirs.</summary>
    public Task NotifyAsync(IEnumerable<SiloAddress> silos) =>
        Task.WhenAll(silos.Select(silo => gateways.Of(silo).Review()));

    private void NotifyOwners(IEnumerable<string> owners) =>
        Report(owners.Distinct().Select(SiloAddress.FromParsableString));

    private void Report(IEnumerable<SiloAddress> silos)
    {
        // One that does not answer is asked again by the next pass, or looks by itself.
        foreach (var silo in silos)
            gateways.Of(silo).Review().Ignore();
    }

    /// <summary>Gives those that have them now.</summary>
    private async Task<List<SiloAddress>> ReleaseAsync(List<ShardId> released, CancellationToken cancellation)
    {
        var successors = new List<SiloAddress>();
        var members = membership.CurrentSnapshot.Members;
        foreach (var shardsOfSilo in released.GroupBy(shard => shardMap.Of(shard)))
        {
            var successor =
                shardsOfSilo.Key is { } silo && members.TryGetValue(silo, out var member)
                    ? new SiloIdentity(silo.ToParsableString(), member.Name)
                    : null;
            await shards.ReleaseAsync(_self, [.. shardsOfSilo], successor, cancellation);
            MembershipLog.ShardsReleased(log, shardsOfSilo.Count(), successor?.Slot ?? "no silo");
            if (successor is not null)
                successors.Add(shardsOfSilo.Key!);
        }

        return successors;
    }

    private bool IsHome(ShardId shard) => self.SiloAddress.Equals(shardMap.Of(shard));

    private static IEnumerable<ShardId> AllShards() =>
        Enumerable.Range(0, ShardId.Count).Select(index => new ShardId(index));
}
