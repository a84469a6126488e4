namespace GroupBuyActors.Schedules;

/// <summary>
/// Recurring times, by a <see cref="CronSchedule"/> or an <see cref="IntervalSchedule"/>, with rules for missed and
/// overlapping firings.
/// </summary>
internal abstract class Recurrence
{
    /// <summary>
    /// The largest number of firings in one decision: of more missed firings only the latest are considered.
    /// </summary>
    public const int FiringsMax = 1_000;

    private protected Recurrence(ScheduleRules rules)
    {
        Rules = rules;
        ArgumentOutOfRangeException.ThrowIfLessThan(Rules.Grace, TimeSpan.Zero, nameof(rules));
        ArgumentOutOfRangeException.ThrowIfLessThan(Rules.CatchUpWindow, TimeSpan.Zero, nameof(rules));
        ArgumentOutOfRangeException.ThrowIfLessThan(Rules.CatchUpMax, 1, nameof(rules));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Rules.CatchUpMax, FiringsMax, nameof(rules));
    }

    /// <summary>The text that operators see: a cron expression, or an ISO 8601 duration such as <c>PT15M</c>.</summary>
    public abstract string Expression { get; }

    /// <summary>The IANA name of the time zone.</summary>
    public abstract string Zone { get; }

    public ScheduleRules Rules { get; }

    /// <summary>The first firing after a time; null if there are no more.</summary>
    public abstract DateTimeOffset? Next(DateTimeOffset after);

    /// <summary>Firings in (after, until], oldest first.</summary>
    private protected abstract IEnumerable<DateTimeOffset> Between(DateTimeOffset after, DateTimeOffset until);

    /// <summary>The next 1 to 1,000 firings after a time, to show a person what an expression means.</summary>
    public IReadOnlyList<DateTimeOffset> Preview(DateTimeOffset after, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, FiringsMax);
        var firings = new List<DateTimeOffset>(count);
        while (firings.Count < count && Next(firings.Count == 0 ? after : firings[^1]) is { } next)
            firings.Add(next);
        return firings;
    }

    /// <summary>
    /// Why a single firing is no longer to be run at <paramref name="now"/>; null if it is to be run.
    /// </summary>
    public string? SkipReason(DateTimeOffset firing, DateTimeOffset now) =>
        Rules.Misfire switch
        {
            MisfirePolicy.Skip when now - firing > Rules.Grace => "misfire-skipped",
            MisfirePolicy.Within when now - firing > Rules.CatchUpWindow => "outside-window",
            _ => null,
        };

    /// <summary>
    /// What follows a run, as runs follow each other: the misfire policy applies to firings missed before the run began
    /// (if one run makes up for all, this was it), the overlap policy to those that came due during the run.
    /// </summary>
    /// <param name="firing">The firing that was run.</param>
    /// <param name="began">When its run began.</param>
    /// <param name="now">When it ended.</param>
    public FiringDecision After(DateTimeOffset firing, DateTimeOffset began, DateTimeOffset now)
    {
        var skipped = new List<SkippedFiring>();
        var missed = Due(firing, began, skipped);
        var runs = Misfires(missed, began, skipped);
        var meanwhile = Due(began > firing ? began : firing, now, skipped);
        var waits = Rules.Overlap switch
        {
            OverlapPolicy.Allow => meanwhile.Count,
            OverlapPolicy.QueueOne => Math.Min(1, meanwhile.Count),
            _ => 0,
        };
        skipped.AddRange(meanwhile.SkipLast(waits).Select(late => new SkippedFiring(late, "overlap")));
        runs.AddRange(meanwhile.TakeLast(waits));
        return new FiringDecision(runs, [.. skipped.OrderBy(late => late.Firing)]);
    }

    private List<DateTimeOffset> Misfires(List<DateTimeOffset> due, DateTimeOffset now, List<SkippedFiring> skipped)
    {
        switch (Rules.Misfire)
        {
            case MisfirePolicy.Once:
                Skip(due.Count, _ => true, "misfire-merged");
                return [];
            case MisfirePolicy.Skip:
                Skip(due.Count, firing => now - firing > Rules.Grace, "misfire-skipped");
                return due.FindAll(firing => now - firing <= Rules.Grace);
            case MisfirePolicy.All:
                Skip(due.Count - Rules.CatchUpMax, _ => true, "over-limit");
                return due[Math.Max(0, due.Count - Rules.CatchUpMax)..];
            default:
                Skip(due.Count, firing => now - firing > Rules.CatchUpWindow, "outside-window");
                return due.FindAll(firing => now - firing <= Rules.CatchUpWindow);
        }

        void Skip(int first, Predicate<DateTimeOffset> isSkipped, string reason) =>
            skipped.AddRange(
                due.Take(Math.Max(0, first))
                    .Where(firing => isSkipped(firing))
                    .Select(firing => new SkippedFiring(firing, reason))
            );
    }

    /// <summary>
    /// Firings in (last, now], only the latest if there are too many: the stretch that is examined grows backwards from
    /// now.
    /// </summary>
    private List<DateTimeOffset> Due(DateTimeOffset last, DateTimeOffset now, List<SkippedFiring> skipped)
    {
        if (last >= now)
            return [];
        for (var stretch = TimeSpan.FromMinutes(1); ; stretch *= 2)
        {
            var from = now - last <= stretch ? last : now - stretch;
            var firings = Between(from, now).ToList();
            if (from != last && firings.Count < FiringsMax)
                continue;
            if (firings.Count > FiringsMax)
                firings = firings[^FiringsMax..];
            if (Next(last) is { } oldest && firings.Count > 0 && oldest < firings[0])
                skipped.Add(new SkippedFiring(oldest, "misfire-older"));
            return firings;
        }
    }
}
