using System.Text.Json.Serialization;

namespace GroupBuyActors.Admin;

/// <summary>One silo.</summary>
/// <param name="Address">Its address with generation.</param>
/// <param name="Name">Its stable slot name.</param>
/// <param name="Status">Lower case: <c>active, joining, shutting_down, dead…</c>.</param>
/// <param name="Region">The region it prefers, or null.</param>
/// <param name="Groups">Groups active on it.</param>
/// <param name="Shards">Shards it owns.</param>
public sealed record SiloDocument(
    string Address,
    string Name,
    string Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Region,
    int Groups,
    int Shards
)
{
    /// <summary>Active groups, redrives and other actors on it that are at home on another silo.</summary>
    public int ActorsToMove { get; init; }

    /// <summary>Shards it owns that are at home on another silo.</summary>
    public int ShardsToMove { get; init; }

    /// <summary>True if it was told to stop and moves everything to other silos.</summary>
    public bool Draining { get; init; }
}

/// <summary>One owned shard.</summary>
/// <param name="Shard">Such as <c>shard_042_r7</c>.</param>
/// <param name="Owner">Address of the silo that owns its tasks.</param>
/// <param name="OwnerName">Slot name of that silo.</param>
/// <param name="Epoch">Grows with each change of owner.</param>
/// <param name="Backlog">Tasks that are due and not yet done.</param>
public sealed record ShardDocument(ShardId Shard, string? Owner, string? OwnerName, long Epoch, int Backlog);
