namespace GroupBuyActors.Tasks;

/// <summary>
/// A cron schedule in a time zone whose firings are spread over the shards: each shard fires at its own stable moment up to
/// <see cref="Spread"/> before or after, so that not all of them work at once.
/// </summary>
public sealed class DailySchedule
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly ulong _seed;

    /// <summary>A schedule; throws <see cref="FormatException"/> where it cannot be read.</summary>
    /// <param name="job">Names it; shards are spread differently for another name.</param>
    /// <param name="cron">Five fields, <c>0 0 * * *</c> for every midnight.</param>
    /// <param name="zone">IANA, such as <c>Asia/Shanghai</c>.</param>
    /// <param name="spread">How far from the exact time a shard may fire.</param>
    public DailySchedule(string job, string cron, string zone, TimeSpan spread)
    {
        Job = job;
        Spread = spread;
        Cron = new CronSchedule(cron, zone);
        _seed = StableHash.Of(job);
    }

    /// <summary>The voucher scan: daily at midnight, ± 10 min (SPEC section 3).</summary>
    public static DailySchedule VoucherScan(string zone = "Asia/Shanghai") => new(TaskTypes.VoucherScan, "0 0 * * *", zone, TimeSpan.FromMinutes(10));

    /// <summary>The comparison of books with the ports': daily in the small hours, a merchant slot at a time.</summary>
    public static DailySchedule Reconciliation(string zone = "Asia/Shanghai") => new(TaskTypes.Reconciliation, "0 3 * * *", zone, TimeSpan.FromMinutes(30));

    /// <summary>Its name.</summary>
    public string Job { get; }

    /// <summary>How far from the exact time a shard may fire.</summary>
    public TimeSpan Spread { get; }

    /// <summary>The exact times.</summary>
    public CronSchedule Cron { get; }

    /// <summary>How far from the exact time this shard fires: whole seconds, negative for earlier, always the same.</summary>
    public TimeSpan OffsetOf(ShardId shard)
    {
        var seconds = (long)Spread.TotalSeconds;
        return Second * (long)(StableHash.Mix(_seed, (ulong)shard.Index) % (ulong)(2 * seconds + 1)) - Second * seconds;
    }

    /// <summary>The shard's first firing after a time; null where the schedule has ended.</summary>
    public DateTimeOffset? Next(ShardId shard, DateTimeOffset after)
    {
        var offset = OffsetOf(shard);
        return Cron.Next(after - offset) + offset;
    }

    /// <summary>The shard's firings that a run of one at <paramref name="now"/> makes up for, with the reason.</summary>
    public IReadOnlyList<SkippedFiring> Missed(ShardId shard, DateTimeOffset firing, DateTimeOffset now)
    {
        var offset = OffsetOf(shard);
        var decision = Cron.Decide(firing - offset, now - offset, isRunning: false);
        // The run that is made now stands for the latest of them, too.
        return [.. decision.Skipped.Select(skipped => skipped with { Firing = skipped.Firing + offset }),
            .. decision.Runs.Select(run => new SkippedFiring(run + offset, "misfire-merged"))];
    }
}
