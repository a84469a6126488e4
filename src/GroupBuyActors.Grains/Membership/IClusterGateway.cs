using Orleans.Services;

namespace GroupBuyActors.Membership;

/// <summary>The calls between silos about the cluster: what runs where, and who owns which shards.</summary>
[Alias("groupbuy.IClusterGateway")]
internal interface IClusterGateway : IGrainService
{
    /// <summary>What runs here.</summary>
    [Alias("Describe")]
    Task<SiloDescription> Describe();

    /// <summary>
    /// The caller misses shards that this silo owns: it compares the table with what is at home here.
    /// </summary>
    [Alias("Review")]
    Task Review();
}

/// <summary>What runs on a silo.</summary>
/// <param name="Groups">Groups active.</param>
/// <param name="Shards">Shards owned.</param>
/// <param name="Backlog">Due tasks by shard index; shards without any are left out.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.SiloDescription")]
internal sealed record SiloDescription(
    [property: Id(0)] int Groups,
    [property: Id(1)] int Shards,
    [property: Id(2)] Dictionary<int, int> Backlog
);
