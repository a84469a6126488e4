namespace GroupBuyActors.Membership;

/// <summary>A silo as operators see it. Status is lower case: <c>active, joining, shutting_down, dead…</c>.</summary>
internal sealed record SiloReport(string Address, string Name, string Status, string? Region, int Groups, int Shards);

/// <summary>A shard as operators see it. Backlog: tasks that are due and not yet done.</summary>
internal sealed record ShardReport(ShardId Shard, string? OwnerAddress, string? OwnerName, long Epoch, int Backlog);
