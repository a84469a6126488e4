using Orleans.Services;

namespace GroupBuyActors.Membership;

/// <summary>The calls between silos about the cluster: what runs on each, and which shards it owns.</summary>
[Alias("groupbuy.IClusterGateway")]
internal interface IClusterGateway : IGrainService
{
    /// <summary>Returns what runs on this silo.</summary>
    [Alias("Describe")]
    Task<SiloDescription> Describe();

    /// <summary>
    /// The caller misses shards that this silo owns: this silo compares the table with the homes of shards.
    /// </summary>
    [Alias("Review")]
    Task Review();
}

/// <summary>A description of what runs on a silo.</summary>
/// <param name="Groups">The number of active groups.</param>
/// <param name="Shards">The number of owned shards.</param>
/// <param name="Backlog">The number of due tasks by shard index; shards without any are left out.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.SiloDescription")]
internal sealed record SiloDescription(
    [property: Id(0)] int Groups,
    [property: Id(1)] int Shards,
    [property: Id(2)] Dictionary<int, int> Backlog
);
