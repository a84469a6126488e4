namespace GroupBuyActors.Store.Placement;

/// <summary>The owner of a shard's tasks; null if nobody owns them.</summary>
internal sealed record ShardRow(ShardId Shard, string? OwnerAddress, string? OwnerSlot, long Epoch);
