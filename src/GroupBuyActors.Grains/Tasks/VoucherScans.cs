using GroupBuyActors.Hosting;
using GroupBuyActors.Membership;
using GroupBuyActors.Store.Committing;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Tasks;

/// <summary>
/// The daily scan's firings. Each run schedules the next one in the commit that completes it. A shard that is taken gets its first one
/// without a look whether there is one: a firing's key follows from the shard and the day, so that inserting it again changes nothing.
/// </summary>
internal sealed class VoucherScans(ICommitter committer, ClusterClock clock, Chance chance, ILogger<VoucherScans> log)
{
    private const int SchedulesAtOnce = 256;
    private readonly DailySchedule _schedule = Midnight();
    private readonly Lock _gate = new();
    private readonly HashSet<ShardId> _wanted = [];

    /// <summary>The firing of a shard after an instant.</summary>
    public TimedTask After(ShardId shard, DateTimeOffset instant)
    {
        var firing = _schedule.Next(shard, instant) ?? throw new InvalidOperationException("A daily schedule never ends.");
        return new TimedTask
        {
            Key = new TaskKey(shard, firing, TaskIds.Of(TaskTypes.VoucherScan, shard, firing)), Type = TaskTypes.VoucherScan,
            Payload = TaskPayloads.Write(new ScanTask(firing)), NextAt = firing,
        };
    }

    /// <summary>These shards need a firing; stored by the next <see cref="SeedAsync"/>.</summary>
    public void Want(IEnumerable<ShardId> shards)
    {
        lock (_gate) _wanted.UnionWith(shards);
    }

    /// <summary>Stores the firings wanted; what cannot be stored stays wanted.</summary>
    public async Task SeedAsync(CancellationToken cancellation)
    {
        ShardId[] wanted;
        lock (_gate) wanted = [.. _wanted];
        foreach (var shards in wanted.Chunk(SchedulesAtOnce))
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                if (!await StoreAsync(Array.ConvertAll(shards, shard => After(shard, clock.GetUtcNow())))) return;
                lock (_gate) _wanted.ExceptWith(shards);
            }
            catch (Exception e)
            {
                TaskLog.ScansNotSeeded(log, e);
                return;
            }
        }
    }

    private async Task<bool> StoreAsync(TimedTask[] firings)
    {
        var place = committer.TryReserve(firings[0].Key.Shard);
        if (place is null) return false;
        // The run's name is its own each time: that the same firings were stored before is no reason to refuse them.
        var id = chance.NextCommitId();
        var result = await committer.CommitAsync(place, new Commit
        {
            Id = id, Shard = firings[0].Key.Shard, Token = new ActivationToken(), Schedules = firings,
            Run = new TaskRun(firings[0].Key with { Id = $"{TaskTypes.VoucherScan}:seed:{id:N}" }, 1),
        });
        return result.Status == CommitStatus.Committed;
    }

    private static DailySchedule Midnight()
    {
        try
        {
            return DailySchedule.VoucherScan();
        }
        catch (Exception e) when (e is TimeZoneNotFoundException or InvalidTimeZoneException)
        {
            // A machine without time zone data: China has had no daylight saving since 1991, so midnight there is 16:00 UTC.
            return new DailySchedule(TaskTypes.VoucherScan, "0 16 * * *", "UTC", TimeSpan.FromMinutes(10));
        }
    }
}
