namespace GroupBuyActors.Tasks;

/// <summary>Something that is run on a schedule, by shards.</summary>
/// <param name="Job">Names it: the type of its tasks.</param>
/// <param name="Expression">Cron, five fields or six with seconds first.</param>
/// <param name="Zone">IANA.</param>
/// <param name="Spread">How far from the exact time a shard may fire.</param>
/// <param name="Rules">For what does not go to plan.</param>
/// <param name="OncePerSlot">True where the first shard of each merchant slot runs it, 128 a firing; false: every
/// shard.</param>
internal sealed record CronJob(
    string Job,
    string Expression,
    string Zone,
    TimeSpan Spread,
    CronRules Rules,
    bool OncePerSlot = false
)
{
    /// <summary>
    /// The same times in UTC, for a machine without time zone data; null where the job has been given others.
    /// </summary>
    public string? UtcExpression { get; init; }

    /// <summary>True for a shard that runs it.</summary>
    public bool RunsIn(ShardId shard) => !OncePerSlot || shard.RegionSlot == 0;

    /// <summary>Its schedule; throws <see cref="FormatException"/> where expression or zone cannot be read.</summary>
    public SpreadSchedule Schedule()
    {
        try
        {
            return new SpreadSchedule(Job, Expression, Zone, Spread, Rules);
        }
        catch (FormatException) when (UtcExpression is not null)
        {
            return new SpreadSchedule(Job, UtcExpression, "UTC", Spread, Rules);
        }
    }
}

/// <summary>What the configuration sets of a job; what is null is the job's own.</summary>
public sealed record CronJobChange
{
    private static readonly TimeSpan SpreadMax = TimeSpan.FromHours(6);

    /// <summary>Cron.</summary>
    public string? Expression { get; init; }

    /// <summary>IANA.</summary>
    public string? Zone { get; init; }

    /// <summary>At most 6 h.</summary>
    public TimeSpan? Spread { get; init; }

    /// <summary>What happens to missed firings.</summary>
    public MisfirePolicy? Misfire { get; init; }

    /// <summary>
    /// What happens to firings that come due while a shard's run is under way; its runs follow each other.
    /// </summary>
    public OverlapPolicy? Overlap { get; init; }

    /// <summary>Late by less than this is on time.</summary>
    public TimeSpan? Grace { get; init; }

    /// <summary>1 to 1,000.</summary>
    public int? CatchUpMax { get; init; }

    /// <summary>How old a missed firing may be to be made up for.</summary>
    public TimeSpan? CatchUpWindow { get; init; }

    /// <summary>
    /// What is wrong with the job as it would be, by the name of the setting; empty where nothing is.
    /// </summary>
    internal IReadOnlyDictionary<string, string> Faults(CronJob job)
    {
        var faults = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var changed = Apply(job);
        if (!CronSchedule.TryParse(changed.Expression, "UTC", out _, out var fault))
            faults[nameof(Expression)] = fault;
        // A job that keeps its own times needs no zone data: it has them in UTC, too.
        if (changed.UtcExpression is null && !CronSchedule.TryParse("* * * * *", changed.Zone, out _, out fault))
            faults[nameof(Zone)] = fault;
        if (changed.Spread < TimeSpan.Zero || changed.Spread > SpreadMax)
            faults[nameof(Spread)] = $"The spread must be between 0 and {SpreadMax.TotalHours} h.";
        if (changed.Rules.Grace < TimeSpan.Zero)
            faults[nameof(Grace)] = "The grace period must not be negative.";
        if (changed.Rules.CatchUpMax is < 1 or > CronSchedule.FiringsMax)
            faults[nameof(CatchUpMax)] =
                $"The number of missed firings to catch up must be between 1 and {CronSchedule.FiringsMax}.";
        if (changed.Rules.CatchUpWindow < TimeSpan.Zero)
            faults[nameof(CatchUpWindow)] = "The catch-up window must not be negative.";
        return faults;
    }

    /// <summary>The job with the change made.</summary>
    internal CronJob Apply(CronJob job) =>
        job with
        {
            Expression = Expression ?? job.Expression,
            Zone = Zone ?? job.Zone,
            Spread = Spread ?? job.Spread,
            UtcExpression = Expression is null && Zone is null ? job.UtcExpression : null,
            Rules = job.Rules with
            {
                Misfire = Misfire ?? job.Rules.Misfire,
                Overlap = Overlap ?? job.Rules.Overlap,
                Grace = Grace ?? job.Rules.Grace,
                CatchUpMax = CatchUpMax ?? job.Rules.CatchUpMax,
                CatchUpWindow = CatchUpWindow ?? job.Rules.CatchUpWindow,
            },
        };
}
