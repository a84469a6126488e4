namespace GroupBuyActors.Store.Placement;

/// <summary>Who owns a shard's tasks. A null owner is nobody.</summary>
internal sealed record ShardRow(ShardId Shard, string? OwnerAddress, string? OwnerSlot, long Epoch);
