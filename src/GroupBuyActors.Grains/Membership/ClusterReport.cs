using System.Text.Json;
using GroupBuyActors.Admin;
using GroupBuyActors.Placement;
using GroupBuyActors.Store.Placement;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Membership;

/// <summary>
/// Asks every active silo what runs on it; one that does not answer in time is reported as empty.
/// </summary>
internal sealed class ClusterReport(
    IClusterMembershipService membership,
    ShardMap shardMap,
    IShards shards,
    ClusterGateways gateways,
    TimeProvider time,
    ILogger<ClusterReport> log
)
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);
    private static readonly SiloDescription Nothing = new(0, 0, []);

    /// <summary>The silos of the cluster with the number of active groups and owned shards of each.</summary>
    public async Task<IReadOnlyList<SiloDocument>> SilosAsync(CancellationToken cancellation)
    {
        var members = membership
            .CurrentSnapshot.Members.Values.OrderBy(member => member.Name, StringComparer.Ordinal)
            .ThenBy(member => member.SiloAddress);
        return await Task.WhenAll(
            members.Select(async member =>
            {
                var description =
                    member.Status == SiloStatus.Active
                        ? await DescribeAsync(member.SiloAddress, cancellation)
                        : Nothing;
                return new SiloDocument(
                    member.SiloAddress.ToParsableString(),
                    member.Name,
                    JsonNamingPolicy.SnakeCaseLower.ConvertName(member.Status.ToString()),
                    shardMap.RegionOf(member.SiloAddress),
                    description.Groups,
                    description.Shards
                )
                {
                    ActorsToMove = description.ActorsToMove,
                    ShardsToMove = description.ShardsToMove,
                    Draining = description.IsDraining,
                };
            })
        );
    }

    /// <summary>All owned shards, in order.</summary>
    public async Task<IReadOnlyList<ShardDocument>> ShardsAsync(CancellationToken cancellation)
    {
        var owned = (await shards.ReadAsync(cancellation))
            .Where(row => row.OwnerAddress is not null)
            .OrderBy(row => row.Shard.Index)
            .ToList();
        var active = membership.CurrentSnapshot.Members.Values.Where(member => member.Status == SiloStatus.Active);
        var described = await Task.WhenAll(
            active.Select(async member =>
                (
                    Address: member.SiloAddress.ToParsableString(),
                    (await DescribeAsync(member.SiloAddress, cancellation)).Backlog
                )
            )
        );
        var backlogs = described.ToDictionary(silo => silo.Address, silo => silo.Backlog);
        return owned.ConvertAll(row => new ShardDocument(
            row.Shard,
            row.OwnerAddress,
            row.OwnerSlot,
            row.Epoch,
            backlogs.GetValueOrDefault(row.OwnerAddress!)?.GetValueOrDefault(row.Shard.Index) ?? 0
        ));
    }

    private async Task<SiloDescription> DescribeAsync(SiloAddress silo, CancellationToken cancellation)
    {
        try
        {
            return await gateways.Of(silo).Describe().WaitAsync(AnswerWithin, time, cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            MembershipLog.NotDescribed(log, e, silo.ToParsableString());
            return Nothing;
        }
    }
}
