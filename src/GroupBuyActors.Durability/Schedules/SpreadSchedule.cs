namespace GroupBuyActors.Schedules;

/// <summary>What follows a shard's run.</summary>
/// <param name="Next">The shard's next firing, now or later; null where the schedule has ended.</param>
/// <param name="Skipped">Firings before it that are left out, oldest first; those after it are told by its own
/// run.</param>
internal sealed record FiringPlan(DateTimeOffset? Next, IReadOnlyList<SkippedFiring> Skipped);

/// <summary>
/// Recurring times whose firings are spread over the shards: each shard fires at its own stable moment up to
/// <see cref="Spread"/> before or after, so that not all of them work at once.
/// </summary>
/// <param name="name">Names it; shards are spread differently for another name.</param>
/// <param name="times">The exact times.</param>
/// <param name="spread">How far from the exact time a shard may fire.</param>
internal sealed class SpreadSchedule(string name, Recurrence times, TimeSpan spread)
{
    /// <summary>Why a firing is not run that the schedule does not have any more.</summary>
    public const string Changed = "schedule-changed";

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly ulong _seed = StableHash.Of(name);

    /// <summary>How far from the exact time a shard may fire.</summary>
    public TimeSpan Spread => spread;

    /// <summary>The exact times.</summary>
    public Recurrence Times => times;

    /// <summary>
    /// How far from the exact time this shard fires: whole seconds, negative for earlier, always the same.
    /// </summary>
    public TimeSpan OffsetOf(ShardId shard)
    {
        var seconds = (long)spread.TotalSeconds;
        return Second * (long)(StableHash.Mix(_seed, (ulong)shard.Index) % (ulong)(2 * seconds + 1)) - Second * seconds;
    }

    /// <summary>The shard's first firing after a time; null where the schedule has ended.</summary>
    public DateTimeOffset? Next(ShardId shard, DateTimeOffset after)
    {
        var offset = OffsetOf(shard);
        return times.Next(after - offset) + offset;
    }

    /// <summary>True where the shard fires at this very time.</summary>
    public bool Has(ShardId shard, DateTimeOffset firing) => Next(shard, firing.AddTicks(-1)) == firing;

    /// <summary>
    /// Why a firing is not to be run at <paramref name="now"/>; null where it is. One that the schedule does not have
    /// is <c>schedule-changed</c>.
    /// </summary>
    public string? LeftOut(ShardId shard, DateTimeOffset firing, DateTimeOffset now) =>
        Has(shard, firing) ? times.LeftOut(firing, now) : Changed;

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
