namespace GroupBuyActors.Tasks;

/// <summary>What follows a shard's run.</summary>
/// <param name="Next">The shard's next firing, now or later; null where the schedule has ended.</param>
/// <param name="Skipped">Firings before it that are left out, oldest first; those after it are told by its own
/// run.</param>
internal sealed record CronPlan(DateTimeOffset? Next, IReadOnlyList<SkippedFiring> Skipped);

/// <summary>
/// A cron schedule in a time zone whose firings are spread over the shards: each shard fires at its own stable moment
/// up to <see cref="Spread"/> before or after, so that not all of them work at once.
/// </summary>
internal sealed class SpreadSchedule
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly ulong _seed;

    /// <summary>A schedule; throws <see cref="FormatException"/> where it cannot be read.</summary>
    /// <param name="job">Names it; shards are spread differently for another name.</param>
    /// <param name="cron">Five fields, <c>0 0 * * *</c> for every midnight.</param>
    /// <param name="zone">IANA, such as <c>Asia/Shanghai</c>.</param>
    /// <param name="spread">How far from the exact time a shard may fire.</param>
    /// <param name="rules">For what does not go to plan.</param>
    public SpreadSchedule(string job, string cron, string zone, TimeSpan spread, CronRules? rules = null)
    {
        Job = job;
        Spread = spread;
        Cron = new CronSchedule(cron, zone, rules);
        _seed = StableHash.Of(job);
    }

    /// <summary>Its name.</summary>
    public string Job { get; }

    /// <summary>How far from the exact time a shard may fire.</summary>
    public TimeSpan Spread { get; }

    /// <summary>The exact times.</summary>
    public CronSchedule Cron { get; }

    /// <summary>
    /// How far from the exact time this shard fires: whole seconds, negative for earlier, always the same.
    /// </summary>
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

    /// <summary>
    /// Why a firing is not to be run at <paramref name="now"/>; null where it is. One that the schedule does not have
    /// is <c>schedule-changed</c>.
    /// </summary>
    public string? LeftOut(ShardId shard, DateTimeOffset firing, DateTimeOffset now) =>
        Next(shard, firing.AddTicks(-1)) == firing ? Cron.LeftOut(firing, now) : "schedule-changed";

    /// <summary>
    /// What follows a run of a firing that began at <paramref name="began"/> and ends <paramref name="now"/>.
    /// </summary>
    public CronPlan After(ShardId shard, DateTimeOffset firing, DateTimeOffset began, DateTimeOffset now)
    {
        var offset = OffsetOf(shard);
        var decision = Cron.After(firing - offset, began - offset, now - offset);
        var next = decision.Runs.Count > 0 ? decision.Runs[0] : Cron.Next((firing > now ? firing : now) - offset);
        return new CronPlan(
            next + offset,
            [
                .. decision
                    .Skipped.Where(skipped => next is null || skipped.Firing < next)
                    .Select(skipped => skipped with { Firing = skipped.Firing + offset }),
            ]
        );
    }
}
