using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Cronos;

namespace GroupBuyActors.Schedules;

/// <summary>
/// A cron expression in a time zone. Where clocks are set forward, a firing in the gap comes at its end; where they are
/// set back, a firing at a fixed time comes once, the first time (Cronos' rules, held by tests).
/// </summary>
internal sealed partial class CronSchedule : Recurrence
{
    /// <summary>Expressions have no years, so one that does not fire after this never fires.</summary>
    private static readonly DateTimeOffset LeapYear = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly CronExpression _cron;
    private readonly TimeZoneInfo _zone;

    /// <summary>
    /// Creates a schedule. Throws <see cref="FormatException"/> with the fault if expression or zone is not valid, and
    /// <see cref="ArgumentOutOfRangeException"/> if a number of the rules is not.
    /// </summary>
    /// <param name="expression">Five fields, or six with seconds first: <c>0 0 * * *</c> for every midnight.</param>
    /// <param name="zone">An IANA time zone, such as <c>Asia/Shanghai</c>.</param>
    /// <param name="rules">For missed and overlapping firings; by default one run makes up for all missed firings, and
    /// runs do not overlap.</param>
    public CronSchedule(string expression, string zone, ScheduleRules? rules = null)
        : base(rules ?? new ScheduleRules())
    {
        if (Fault(expression, zone, out var cron, out var found) is { } fault)
            throw new FormatException(fault);
        (Expression, Zone, _cron, _zone) = (expression, zone, cron!, found!);
    }

    /// <inheritdoc/>
    public override string Expression { get; }

    /// <inheritdoc/>
    public override string Zone { get; }

    /// <summary>Creates a schedule; false with the fault if expression or zone is not valid.</summary>
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

    /// <inheritdoc/>
    public override DateTimeOffset? Next(DateTimeOffset after) =>
        _cron.GetNextOccurrence(after.ToUniversalTime(), _zone)?.ToUniversalTime();

    private protected override IEnumerable<DateTimeOffset> Between(DateTimeOffset after, DateTimeOffset until) =>
        _cron
            .GetOccurrences(
                after.ToUniversalTime(),
                until.ToUniversalTime(),
                _zone,
                fromInclusive: false,
                toInclusive: true
            )
            .Select(firing => firing.ToUniversalTime());

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
            // A zone's name is used as the path of a file, so only texts in the form of a name are looked up.
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
