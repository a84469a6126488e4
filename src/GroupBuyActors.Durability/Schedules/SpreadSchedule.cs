namespace GroupBuyActors.Schedules;

/// <summary>What follows a shard's run.</summary>
/// <param name="Next">The shard's next firing, now or later; null if there are no more.</param>
/// <param name="Skipped">Firings before it that are skipped, oldest first; those after it are reported by its own
/// run.</param>
internal sealed record FiringPlan(DateTimeOffset? Next, IReadOnlyList<SkippedFiring> Skipped);

/// <summary>
/// Recurring times whose firings are spread over the shards: each shard fires at its own fixed offset of up to
/// <see cref="Spread"/> before or after, so that not all of them work at once.
/// </summary>
/// <param name="name">The schedule's name; with another name the shards have other offsets.</param>
/// <param name="times">The exact times.</param>
/// <param name="spread">The largest offset of a shard from the exact time.</param>
internal sealed class SpreadSchedule(string name, Recurrence times, TimeSpan spread)
{
    /// <summary>The reason for skipping a firing that the schedule no longer has.</summary>
    public const string Changed = "schedule-changed";

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly ulong _seed = StableHash.Of(name);

    public TimeSpan Spread => spread;

    public Recurrence Times => times;

    /// <summary>
    /// A shard's offset from the exact time: whole seconds, negative for earlier, always the same.
    /// </summary>
    public TimeSpan OffsetOf(ShardId shard)
    {
        var seconds = (long)spread.TotalSeconds;
        return Second * (long)(StableHash.Mix(_seed, (ulong)shard.Index) % (ulong)(2 * seconds + 1)) - Second * seconds;
    }

    /// <summary>The shard's first firing after a time; null if there are no more.</summary>
    public DateTimeOffset? Next(ShardId shard, DateTimeOffset after)
    {
        var offset = OffsetOf(shard);
        return times.Next(after - offset) + offset;
    }

    /// <summary>True if the shard fires at exactly this time.</summary>
    public bool Has(ShardId shard, DateTimeOffset firing) => Next(shard, firing.AddTicks(-1)) == firing;

    /// <summary>
    /// Why a firing is not to be run at <paramref name="now"/>; null if it is to be run. For a time that the schedule
    /// does not have the reason is <c>schedule-changed</c>.
    /// </summary>
    public string? SkipReason(ShardId shard, DateTimeOffset firing, DateTimeOffset now) =>
        Has(shard, firing) ? times.SkipReason(firing, now) : Changed;

    /// <summary>
    /// What follows a run of a firing that began at <paramref name="began"/> and ends <paramref name="now"/>.
    /// </summary>
    public FiringPlan After(ShardId shard, DateTimeOffset firing, DateTimeOffset began, DateTimeOffset now)
    {
        var offset = OffsetOf(shard);
        var decision = times.After(firing - offset, began - offset, now - offset);
        var next = decision.Runs.Count > 0 ? decision.Runs[0] : times.Next((firing > now ? firing : now) - offset);
        return new FiringPlan(
            next + offset,
            [
                .. decision
                    .Skipped.Where(skipped => next is null || skipped.Firing < next)
                    .Select(skipped => skipped with { Firing = skipped.Firing + offset }),
            ]
        );
    }
}
