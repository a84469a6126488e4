namespace GroupBuyActors.Placement;

/// <summary>
/// The shards that this silo owns, each with the epoch of its ownership. They are read without a lock: acting on a
/// shard that was just lost is harmless, because the version of a task decides.
/// </summary>
internal sealed class OwnedShards
{
    private readonly Lock _gate = new();
    private readonly long[] _epochs = new long[ShardId.Count];
    private int _count;

    /// <summary>The number of owned shards.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The epoch in which this silo owns a shard; 0 if it does not.</summary>
    public long EpochOf(ShardId shard) => Volatile.Read(ref _epochs[shard.Index]);

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

    /// <summary>The owned shards, in order.</summary>
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
