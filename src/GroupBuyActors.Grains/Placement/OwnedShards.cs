namespace GroupBuyActors.Placement;

/// <summary>
/// The shards that this silo owns, each with the epoch of its ownership. Whether one is owned is read without a lock:
/// whoever acts on a shard that was lost a moment ago does no harm, for the version of a task decides.
/// </summary>
internal sealed class OwnedShards
{
    private readonly Lock _gate = new();
    private readonly long[] _epochs = new long[ShardId.Count];
    private int _count;

    /// <summary>How many are owned.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The epoch in which this silo owns a shard, 0 where it does not.</summary>
    public long EpochOf(ShardId shard) => Volatile.Read(ref _epochs[shard.Index]);

    /// <summary>True for one that is owned.</summary>
    public bool Contains(ShardId shard) => EpochOf(shard) != 0;

    public void Add(ShardId shard, long epoch)
    {
        lock (_gate)
        {
            if (_epochs[shard.Index] == 0)
                _count++;
            Volatile.Write(ref _epochs[shard.Index], epoch);
        }
    }

    public void Remove(ShardId shard)
    {
        lock (_gate)
        {
            if (_epochs[shard.Index] == 0)
                return;
            Volatile.Write(ref _epochs[shard.Index], 0);
            _count--;
        }
    }

    /// <summary>Those owned now, in order.</summary>
    public List<ShardId> ToList()
    {
        lock (_gate)
        {
            var shards = new List<ShardId>(_count);
            for (var i = 0; i < _epochs.Length; i++)
                if (_epochs[i] != 0)
                    shards.Add(new ShardId(i));
            return shards;
        }
    }
}
