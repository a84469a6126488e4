using GroupBuyActors.Committing;
using GroupBuyActors.Placement;
using GroupBuyActors.Store.Placement;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Membership;

/// <summary>
/// Gives shards of this silo to the silos where they are at home, and has silos look at which are theirs.
/// </summary>
internal sealed class ShardHandover(
    IClusterMembershipService membership,
    ILocalSiloDetails self,
    ShardMap shardMap,
    IShards shards,
    ClusterGateways gateways,
    ILogger<ShardHandover> log
)
{
    private readonly SiloIdentity _self = self.Identity();

    /// <summary>Releases shards to their homes by name; returns the new owners.</summary>
    public async Task<IReadOnlyList<SiloAddress>> ReleaseAsync(
        IReadOnlyCollection<ShardId> released,
        CancellationToken cancellation
    )
    {
        var successors = new List<SiloAddress>();
        var members = membership.CurrentSnapshot.Members;
        foreach (var shardsOfSilo in released.GroupBy(shardMap.Of))
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

    /// <summary>Waits until these silos have looked at which shards are theirs.</summary>
    public Task NotifyAsync(IEnumerable<SiloAddress> silos) =>
        Task.WhenAll(silos.Select(silo => gateways.Of(silo).Review()));

    /// <summary>
    /// The same without waiting: one that does not answer is asked again by the next pass, or looks by itself.
    /// </summary>
    public void Notify(IEnumerable<SiloAddress> silos)
    {
        foreach (var silo in silos)
            gateways.Of(silo).Review().Ignore();
    }
}
