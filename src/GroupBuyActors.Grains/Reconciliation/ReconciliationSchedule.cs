using GroupBuyActors.Hosting;
using GroupBuyActors.Membership;
using GroupBuyActors.Store.Committing;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Reconciliation;

/// <summary>
/// The firings of the daily comparison of books. A merchant's groups lie in as many shards as it has regions, and its books are one:
/// the first shard of each merchant slot compares the slot's merchants, so that there are 128 runs a day and each merchant is in one.
/// </summary>
internal sealed class ReconciliationSchedule(ICommitter committer, ClusterClock clock, Chance chance, ILogger<ReconciliationSchedule> log)
{
    private readonly DailySchedule _schedule = SmallHours();
    private readonly Lock _gate = new();
    private readonly HashSet<ShardId> _wanted = [];

    /// <summary>The firing of a shard after an instant.</summary>
    public TimedTask After(ShardId shard, DateTimeOffset instant)
    {
        var firing = _schedule.Next(shard, instant) ?? throw new InvalidOperationException("A daily schedule never ends.");
        return Run(shard, firing, new ComparisonTask(firing));
    }

    /// <summary>What a run that took long leaves to another: the merchants above one, now.</summary>
    public TimedTask GoOn(ShardId shard, ComparisonTask comparison) =>
        Run(shard, DateTimeOffset.FromUnixTimeMilliseconds(clock.GetUtcNow().ToUnixTimeMilliseconds()), comparison);

    /// <summary>The firings that a run at an instant makes up for.</summary>
    public IReadOnlyList<TaskEnding> Missed(TimedTask ran, DateTimeOffset firing, DateTimeOffset now) =>
        [.. _schedule.Missed(ran.Key.Shard, firing, now).Select(missed => TaskEnding.Of(ran with
        {
            Key = new TaskKey(ran.Key.Shard, missed.Firing, TaskIds.Of(TaskTypes.Reconciliation, ran.Key.Shard, missed.Firing)), Attempts = 0, Version = 1,
        }, TaskEndStatus.Expired, now, missed.Reason))];

    /// <summary>The schedule as operators see it.</summary>
    public ScheduleReport Report(int count) => new(TaskTypes.Reconciliation, _schedule.Cron.Expression, _schedule.Cron.Zone, _schedule.Spread,
        _schedule.Cron.Rules, _schedule.Cron.Preview(clock.GetUtcNow(), count));

    /// <summary>These shards were taken; those that run comparisons need a firing, stored by the next <see cref="SeedAsync"/>.</summary>
    public void Want(IEnumerable<ShardId> shards)
    {
        lock (_gate) _wanted.UnionWith(shards.Where(shard => shard.RegionSlot == 0));
    }

    /// <summary>Shards whose firing is not stored yet.</summary>
    internal int Wanted
    {
        get
        {
            lock (_gate) return _wanted.Count;
        }
    }

    /// <summary>Stores the firings wanted, at most 128; what cannot be stored stays wanted. One that is there already stays as it is.</summary>
    public async Task SeedAsync(CancellationToken cancellation)
    {
        ShardId[] shards;
        lock (_gate) shards = [.. _wanted];
        if (shards.Length == 0) return;
        cancellation.ThrowIfCancellationRequested();
        try
        {
            if (!await StoreAsync(Array.ConvertAll(shards, shard => After(shard, clock.GetUtcNow())))) return;
            lock (_gate) _wanted.ExceptWith(shards);
        }
        catch (Exception e)
        {
            ReconciliationLog.NotSeeded(log, e);
        }
    }

    private async Task<bool> StoreAsync(TimedTask[] firings)
    {
        var place = committer.TryReserve(firings[0].Key.Shard);
        if (place is null) return false;
        var id = chance.NextCommitId();
        var result = await committer.CommitAsync(place, new Commit
        {
            Id = id, Shard = firings[0].Key.Shard, Token = new ActivationToken(), Schedules = firings,
            Run = new TaskRun(firings[0].Key with { Id = $"{TaskTypes.Reconciliation}:seed:{id:N}" }, 1),
        });
        return result.Status == CommitStatus.Committed;
    }

    private static TimedTask Run(ShardId shard, DateTimeOffset due, ComparisonTask comparison) => new()
    {
        Key = new TaskKey(shard, due, TaskIds.Of(TaskTypes.Reconciliation, shard, due)), Type = TaskTypes.Reconciliation,
        Payload = TaskPayloads.Write(comparison), NextAt = due,
    };

    private static DailySchedule SmallHours()
    {
        try
        {
            return DailySchedule.Reconciliation();
        }
        catch (FormatException)
        {
            // A machine without time zone data: three in the morning in China is 19:00 UTC.
            return new DailySchedule(TaskTypes.Reconciliation, "0 19 * * *", "UTC", TimeSpan.FromMinutes(30));
        }
    }
}
