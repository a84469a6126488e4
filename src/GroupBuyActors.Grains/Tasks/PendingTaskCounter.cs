using GroupBuyActors.Background;
using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Store.Tasks;

namespace GroupBuyActors.Tasks;

/// <summary>The result of one count: the number of shards counted, and the duration.</summary>
internal readonly record struct PendingTaskCount(int Shards, TimeSpan Took);

/// <summary>
/// The number of tasks of this silo's shards that have not ended, by type. The numbers are kept, so that no request
/// counts rows.
/// <para>
/// A shard is counted once it is owned, several shards in a statement and with pauses, so that counting takes at most a
/// twentieth of one connection's time; after that every commit of this silo adjusts its number. Commits of another silo
/// for the shard (while a group moves) and commits during the count are missed until the next count, an hour later. The
/// numbers are for operators only.
/// </para>
/// </summary>
internal sealed class PendingTaskCounter(ITaskStore store, OwnedShards owned, CronScheduler firings, TimeProvider time)
    : PeriodicService<PendingTaskCount>
{
    private const int ShardsAtOnce = 32,
        PauseShare = 19;
    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(20),
        CheckInterval = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private readonly Dictionary<ShardId, Count> _shards = [];

    /// <summary>The number of tasks that have not ended, by type, without shards that are not counted yet.</summary>
    public Dictionary<string, long> Pending()
    {
        var sums = new Dictionary<string, long>(StringComparer.Ordinal);
        lock (_gate)
        {
            foreach (var (shard, count) in _shards)
                if (owned.EpochOf(shard) == count.Epoch)
                    foreach (var (type, tasks) in count.Types)
                        sums[type] = sums.GetValueOrDefault(type) + Math.Max(0, tasks);
        }

        return sums;
    }

    /// <summary>The number of owned shards that were not counted in this ownership yet.</summary>
    internal int Uncounted
    {
        get
        {
            lock (_gate)
                return owned
                    .ToList()
                    .Count(shard => !_shards.TryGetValue(shard, out var count) || count.Epoch != owned.EpochOf(shard));
        }
    }

    /// <summary>Called on a lane's thread with every commit of this silo.</summary>
    public void Changed(Commit commit)
    {
        if (commit.Schedules.Count + commit.Removals.Count == 0)
            return;
        lock (_gate)
        {
            foreach (var task in commit.Schedules)
                Add(task.Key.Shard, task.Type, 1);
            foreach (var row in commit.Removals)
                if (row.Type is { } type)
                    Add(row.Shard, type, -1);
        }
    }

    public override string Name => "pending-task-count";

    /// <summary>Counts some of the shards whose count is missing or old.</summary>
    public override async Task<PendingTaskCount> RunOnceAsync(CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        var shards = Wanted();
        if (shards.Count == 0)
            return default;
        var counts = (await store.CountAsync([.. shards.Select(shard => shard.Shard)], cancellation)).ToLookup(count =>
            count.Shard
        );
        lock (_gate)
            foreach (var (shard, epoch) in shards)
                _shards[shard] = new Count(
                    epoch,
                    time.GetTimestamp(),
                    counts[shard].ToDictionary(count => count.Type, count => count.Tasks, StringComparer.Ordinal)
                );
        return new PendingTaskCount(shards.Count, time.GetElapsedTime(began));
    }

    protected override TimeSpan PauseAfter(PendingTaskCount result)
    {
        if (result.Shards == 0)
            return CheckInterval;
        var pause = result.Took * PauseShare;
        return pause < PauseMin ? PauseMin : pause;
    }

    private List<(ShardId Shard, long Epoch)> Wanted()
    {
        // First firings may be inserted although they exist, and every insert is counted: a shard that was counted
        // before would have them twice.
        if (firings.Wanted > 0)
            return [];
        var shards = owned.ToList().ConvertAll(shard => (Shard: shard, Epoch: owned.EpochOf(shard)));
        lock (_gate)
        {
            if (_shards.Count > shards.Count)
                foreach (var lost in _shards.Keys.Except(shards.Select(shard => shard.Shard)).ToList())
                    _shards.Remove(lost);
            return
            [
                .. shards
                    .Where(shard =>
                        shard.Epoch != 0
                        && (
                            !_shards.TryGetValue(shard.Shard, out var count)
                            || count.Epoch != shard.Epoch
                            || time.GetElapsedTime(count.CountedAt) >= GrainsOptions.RecountInterval
                        )
                    )
                    .Take(ShardsAtOnce),
            ];
        }
    }

    private void Add(ShardId shard, string type, int change)
    {
        if (_shards.TryGetValue(shard, out var count))
            count.Types[type] = count.Types.GetValueOrDefault(type) + change;
    }

    private sealed record Count(long Epoch, long CountedAt, Dictionary<string, long> Types);
}
