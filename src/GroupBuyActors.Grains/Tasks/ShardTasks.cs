using GroupBuyActors.Placement;

namespace GroupBuyActors.Tasks;

/// <summary>Updates tasks when this silo takes shards or gives them up.</summary>
internal sealed class ShardTasks(OwnedShards owned, CronScheduler firings, HorizonReader reader)
{
    /// <summary>Adds shards that this silo owns now; their tasks are read at once.</summary>
    public void Take(IReadOnlyCollection<(ShardId Shard, long Epoch)> shards)
    {
        foreach (var (shard, epoch) in shards)
            owned.Add(shard, epoch);
        firings.Want([.. shards.Select(taken => taken.Shard)]);
        reader.ReadAgain();
    }

    /// <summary>
    /// Removes shards that are about to be released: their tasks are skipped when they are due, so that none is begun
    /// any more.
    /// </summary>
    public void GiveUp(IEnumerable<ShardId> shards)
    {
        foreach (var shard in shards)
            owned.Remove(shard);
    }

    /// <inheritdoc cref="HorizonReader.ReadAgain"/>
    public void ReadAgain() => reader.ReadAgain();
}
