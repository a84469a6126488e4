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

    /// <summary>
    /// A silo drains and stops soon: it is the home of no shard any more, although the membership does not tell yet.
    /// </summary>
    [Alias("Leaving")]
    Task Leaving(SiloAddress silo);
}

/// <summary>A description of what runs on a silo.</summary>
/// <param name="Groups">The number of active groups.</param>
/// <param name="Shards">The number of owned shards.</param>
/// <param name="Backlog">The number of due tasks by shard index; shards without any are left out.</param>
/// <param name="ActorsToMove">The number of active actors that are at home on another silo.</param>
/// <param name="ShardsToMove">The number of owned shards that are at home on another silo.</param>
/// <param name="IsDraining">True if it will stop.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.SiloDescription")]
internal sealed record SiloDescription(
    [property: Id(0)] int Groups,
    [property: Id(1)] int Shards,
    [property: Id(2)] Dictionary<int, int> Backlog,
    [property: Id(3)] int ActorsToMove = 0,
    [property: Id(4)] int ShardsToMove = 0,
    [property: Id(5)] bool IsDraining = false
);
