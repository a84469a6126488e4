using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Cronos;

namespace GroupBuyActors.Tasks;

/// <summary>What happens to firings that were missed: while no silo ran, or none in time.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MisfirePolicy>))]
public enum MisfirePolicy
{
    /// <summary>One run makes up for all of them.</summary>
    [JsonStringEnumMemberName("once")]
    Once,

    /// <summary>None is made up for; a firing within <see cref="CronRules.Grace"/> counts as on time.</summary>
    [JsonStringEnumMemberName("skip")]
    Skip,

    /// <summary>Each is made up for, the latest <see cref="CronRules.CatchUpMax"/> of them.</summary>
    [JsonStringEnumMemberName("all")]
    All,

    /// <summary>Each is made up for that is no older than <see cref="CronRules.CatchUpWindow"/>.</summary>
    [JsonStringEnumMemberName("within")]
    Within,
}

/// <summary>What happens to a firing while an earlier one still runs.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OverlapPolicy>))]
public enum OverlapPolicy
{
    /// <summary>It is left out.</summary>
    [JsonStringEnumMemberName("skip")]
    Skip,

    /// <summary>One waits until the other has ended; more are left out.</summary>
    [JsonStringEnumMemberName("queue-one")]
    QueueOne,

    /// <summary>Both run.</summary>
    [JsonStringEnumMemberName("allow")]
    Allow,
}

/// <summary>How a schedule deals with what does not go to plan.</summary>
internal sealed record CronRules
{
    /// <summary>What happens to missed firings.</summary>
    public MisfirePolicy Misfire { get; init; } = MisfirePolicy.Once;

    /// <summary>What happens to a firing while an earlier one runs.</summary>
    public OverlapPolicy Overlap { get; init; } = OverlapPolicy.Skip;

    /// <summary>Late by less than this is on time.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Missed firings that are made up for at most, 1 to 1,000.</summary>
    public int CatchUpMax { get; init; } = 10;

    /// <summary>How old a missed firing may be to be made up for.</summary>
    public TimeSpan CatchUpWindow { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>
/// A firing that is left out, and why: <c>misfire-skipped, misfire-merged, outside-window, over-limit, overlap</c>; or,
/// where more than a thousand were missed, <c>misfire-older</c> for the first of them, which stands for all up to the
/// next that is told.
/// </summary>
internal readonly record struct SkippedFiring(DateTimeOffset Firing, string Reason);

/// <summary>What follows a run.</summary>
/// <param name="Runs">Firings to run one after the other, oldest first.</param>
/// <param name="Skipped">Firings that are left out, oldest first.</param>
internal sealed record CronDecision(IReadOnlyList<DateTimeOffset> Runs, IReadOnlyList<SkippedFiring> Skipped);

/// <summary>
/// A cron expression in a time zone, with rules for what does not go to plan. Where clocks are set forward, a firing in
/// the gap comes at its end; where they are set back, a firing at a fixed time comes once, the first time (Cronos'
/// rules, held by tests).
/// </summary>
internal sealed partial class CronSchedule
{
    /// <summary>Firings looked at in one decision: of a longer gap only the latest count.</summary>
    public const int FiringsMax = 1_000;

    /// <summary>An expression without years that never fires after this never fires.</summary>
    private static readonly DateTimeOffset LeapYear = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly CronExpression _cron;
    private readonly TimeZoneInfo _zone;

    /// <summary>
    /// A schedule; throws <see cref="FormatException"/> with what is wrong, <see cref="ArgumentOutOfRangeException"/>
    /// where a rule's number makes no sense.
    /// </summary>
    /// <param name="expression">Five fields, or six with seconds first: <c>0 0 * * *</c> for every midnight.</param>
    /// <param name="zone">IANA, such as <c>Asia/Shanghai</c>.</param>
    /// <param name="rules">For what does not go to plan; the default makes up once and never overlaps.</param>
    public CronSchedule(string expression, string zone, CronRules? rules = null)
    {
        if (Fault(expression, zone, out var cron, out var found) is { } fault)
            throw new FormatException(fault);
        (Expression, Zone, Rules, _cron, _zone) = (expression, zone, rules ?? new CronRules(), cron!, found!);
        ArgumentOutOfRangeException.ThrowIfLessThan(Rules.Grace, TimeSpan.Zero, nameof(rules));
        ArgumentOutOfRangeException.ThrowIfLessThan(Rules.CatchUpWindow, TimeSpan.Zero, nameof(rules));
        ArgumentOutOfRangeException.ThrowIfLessThan(Rules.CatchUpMax, 1, nameof(rules));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Rules.CatchUpMax, FiringsMax, nameof(rules));
    }

    /// <summary>The expression.</summary>
    public string Expression { get; }

    /// <summary>The zone's IANA name.</summary>
    public string Zone { get; }

    /// <summary>The rules.</summary>
    public CronRules Rules { get; }

    /// <summary>True where expression and zone can be read; else a sentence says what is wrong.</summary>
    public static bool TryParse(
        [NotNullWhen(true)] string? expression,
        [NotNullWhen(true)] string? zone,
        [NotNullWhen(true)] out CronSchedule? schedule,
        [NotNullWhen(false)] out string? fault
    )
    {
        fault = Fault(expression, zone, out _, out _);
        schedule = fault is null ? new CronSchedule(expression!, zone!) : null;
        return schedule is not null;
    }

    /// <summary>The first firing after a time; null where there is none any more.</summary>
    public DateTimeOffset? Next(DateTimeOffset after) =>
        _cron.GetNextOccurrence(after.ToUniversalTime(), _zone)?.ToUniversalTime();

    /// <summary>The next firings after a time, 1 to 1,000, for a person to see what an expression means.</summary>
    public IReadOnlyList<DateTimeOffset> Preview(DateTimeOffset after, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, FiringsMax);
        var firings = new List<DateTimeOffset>(count);
        while (firings.Count < count && Next(firings.Count == 0 ? after : firings[^1]) is { } next)
            firings.Add(next);
        return firings;
    }

    /// <summary>Why a single firing is not to be run at <paramref name="now"/> any more; null where it is.</summary>
    public string? LeftOut(DateTimeOffset firing, DateTimeOffset now) =>
        Rules.Misfire switch
        {
            MisfirePolicy.Skip when now - firing > Rules.Grace => "misfire-skipped",
            MisfirePolicy.Within when now - firing > Rules.CatchUpWindow => "outside-window",
            _ => null,
        };

    /// <summary>
    /// What follows a run where runs follow each other: firings missed before it began go by the misfire policy (one
    /// run for all of them was this one), those that came due while it was under way by the overlap policy.
    /// </summary>
    /// <param name="firing">The firing that was run.</param>
    /// <param name="began">When its run began.</param>
    /// <param name="now">When it ended.</param>
    public CronDecision After(DateTimeOffset firing, DateTimeOffset began, DateTimeOffset now)
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
        return new CronDecision(runs, [.. skipped.OrderBy(late => late.Firing)]);
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

        void Skip(int first, Predicate<DateTimeOffset> isLeftOut, string reason) =>
            skipped.AddRange(
                due.Take(Math.Max(0, first))
                    .Where(firing => isLeftOut(firing))
                    .Select(firing => new SkippedFiring(firing, reason))
            );
    }

    /// <summary>
    /// Firings in (last, now], the latest of them where they are too many: the stretch looked at grows backwards from
    /// now.
    /// </summary>
    private List<DateTimeOffset> Due(DateTimeOffset last, DateTimeOffset now, List<SkippedFiring> skipped)
    {
        if (last >= now)
            return [];
        for (var stretch = TimeSpan.FromMinutes(1); ; stretch *= 2)
        {
            var from = now - last <= stretch ? last : now - stretch;
            var firings = _cron
                .GetOccurrences(
                    from.ToUniversalTime(),
                    now.ToUniversalTime(),
                    _zone,
                    fromInclusive: false,
                    toInclusive: true
                )
                .Select(firing => firing.ToUniversalTime())
                .ToList();
            if (from != last && firings.Count < FiringsMax)
                continue;
            if (firings.Count > FiringsMax)
                firings = firings[^FiringsMax..];
            if (Next(last) is { } oldest && firings.Count > 0 && oldest < firings[0])
                skipped.Add(new SkippedFiring(oldest, "misfire-older"));
            return firings;
        }
    }

    private static string? Fault(string? expression, string? zone, out CronExpression? cron, out TimeZoneInfo? found)
    {
        (cron, found) = (null, null);
        if (string.IsNullOrWhiteSpace(expression))
            return "The cron expression is empty; it must have five fields, or six with seconds.";
        if (string.IsNullOrWhiteSpace(zone))
            return "The schedule must have an IANA time zone, such as Asia/Shanghai.";
        try
        {
            var fields = expression.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
            cron = CronExpression.Parse(expression, fields == 6 ? CronFormat.IncludeSeconds : CronFormat.Standard);
            if (cron.GetNextOccurrence(LeapYear, TimeZoneInfo.Utc) is null)
                return $"'{expression}' never fires because it names a day that does not exist.";
            // Names of zones are paths of files: only what looks like a name is looked up.
            if (!IanaName().IsMatch(zone))
                return $"'{zone}' is not an IANA time zone such as Asia/Shanghai.";
            found = TimeZoneInfo.FindSystemTimeZoneById(zone);
            return found.HasIanaId || zone == "UTC"
                ? null
                : $"'{zone}' is not an IANA time zone such as Asia/Shanghai.";
        }
        catch (CronFormatException e)
        {
            return $"'{expression}' is not a cron expression of five fields, or six with seconds: {e.Message}";
        }
        catch (Exception e)
            when (e is TimeZoneNotFoundException or InvalidTimeZoneException or System.Security.SecurityException)
        {
            return $"'{zone}' is not a time zone known on this machine.";
        }
    }

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*\z")]
    private static partial Regex IanaName();
}
