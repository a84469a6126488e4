using GroupBuyActors.Hosting;
using GroupBuyActors.Membership;
using GroupBuyActors.Store.Committing;
using GroupBuyActors.Store.Tasks;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Tasks;

/// <summary>A schedule as operators see it.</summary>
/// <param name="Job">Names it.</param>
/// <param name="Expression">Cron.</param>
/// <param name="Zone">IANA.</param>
/// <param name="Spread">How far from the exact time a shard may fire.</param>
/// <param name="Rules">For what does not go to plan.</param>
/// <param name="Next">The next exact times.</param>
public sealed record ScheduleReport(string Job, string Expression, string Zone, TimeSpan Spread, CronRules Rules, IReadOnlyList<DateTimeOffset> Next);

/// <summary>Schedules for operators.</summary>
public interface ISchedules
{
    /// <summary>All schedules with their next firings, 1 to 100.</summary>
    IReadOnlyList<ScheduleReport> List(int count);
}

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

    /// <summary>The firings that a run at an instant makes up for: left out, with the reason, so that nobody wonders where they are.</summary>
    public IReadOnlyList<TaskEnding> Missed(TimedTask ran, DateTimeOffset firing, DateTimeOffset now) =>
        [.. _schedule.Missed(ran.Key.Shard, firing, now).Select(missed => TaskEnding.Of(ran with
        {
            Key = new TaskKey(ran.Key.Shard, missed.Firing, TaskIds.Of(TaskTypes.VoucherScan, ran.Key.Shard, missed.Firing)), Attempts = 0, Version = 1,
        }, TaskEndStatus.Expired, now, missed.Reason))];

    public IReadOnlyList<ScheduleReport> List(int count) => [Report(clock.GetUtcNow(), count)];

    private ScheduleReport Report(DateTimeOffset now, int count) => new(
        TaskTypes.VoucherScan, _schedule.Cron.Expression, _schedule.Cron.Zone, _schedule.Spread, _schedule.Cron.Rules, _schedule.Cron.Preview(now, count));

    /// <summary>These shards need a firing; stored by the next <see cref="SeedAsync"/>.</summary>
    public void Want(IEnumerable<ShardId> shards)
    {
        lock (_gate) _wanted.UnionWith(shards);
    }

    /// <summary>Shards whose firing is not stored yet.</summary>
    internal int Wanted
    {
        get
        {
            lock (_gate) return _wanted.Count;
        }
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
        catch (FormatException)
        {
            // A machine without time zone data: China has had no daylight saving since 1991, so midnight there is 16:00 UTC.
            return new DailySchedule(TaskTypes.VoucherScan, "0 16 * * *", "UTC", TimeSpan.FromMinutes(10));
        }
    }
}
