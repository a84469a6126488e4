using System.Xml;

namespace GroupBuyActors.Schedules;

/// <summary>
/// Firings at a fixed interval, counted from a fixed instant, so that the times do not depend on when a silo starts or
/// a clock is set.
/// </summary>
internal sealed class IntervalSchedule : Recurrence
{
    /// <summary>The shortest interval, because the id of a firing contains its second.</summary>
    public static readonly TimeSpan EveryMin = TimeSpan.FromSeconds(1);

    /// <summary>The longest interval.</summary>
    public static readonly TimeSpan EveryMax = TimeSpan.FromDays(366);

    /// <summary>
    /// Creates a schedule. Throws <see cref="FormatException"/> with the fault if the interval is not valid, and
    /// <see cref="ArgumentOutOfRangeException"/> if a number of the rules is not.
    /// </summary>
    /// <param name="every">The interval, in whole seconds.</param>
    /// <param name="from">The first firing, at a whole second.</param>
    /// <param name="rules">For missed and overlapping firings; by default one run makes up for all missed firings, and
    /// runs do not overlap.</param>
    public IntervalSchedule(TimeSpan every, DateTimeOffset from, ScheduleRules? rules = null)
        : base(rules ?? new ScheduleRules())
    {
        if (Fault(every, from) is { } fault)
            throw new FormatException(fault);
        (Every, From) = (every, from.ToUniversalTime());
    }

    /// <summary>The time from one firing to the next.</summary>
    public TimeSpan Every { get; }

    /// <summary>The first firing.</summary>
    public DateTimeOffset From { get; }

    /// <inheritdoc/>
    public override string Expression => XmlConvert.ToString(Every);

    /// <inheritdoc/>
    public override string Zone => "UTC";

    /// <summary>What is wrong with an interval, or null.</summary>
    public static string? Fault(TimeSpan every, DateTimeOffset from) =>
        every < EveryMin || every > EveryMax
            ? $"The interval must be between {EveryMin.TotalSeconds} s and {EveryMax.TotalDays} days."
        : every.Ticks % TimeSpan.TicksPerSecond != 0 || from.UtcTicks % TimeSpan.TicksPerSecond != 0
            ? "The interval and its first firing must be whole seconds."
        : null;

    /// <inheritdoc/>
    public override DateTimeOffset? Next(DateTimeOffset after)
    {
        if (after < From)
            return From;
        var last = From.Ticks + (after.UtcTicks - From.Ticks) / Every.Ticks * Every.Ticks;
        return last > DateTime.MaxValue.Ticks - Every.Ticks
            ? null
            : new DateTimeOffset(last + Every.Ticks, TimeSpan.Zero);
    }

    private protected override IEnumerable<DateTimeOffset> Between(DateTimeOffset after, DateTimeOffset until)
    {
        for (var next = Next(after); next <= until; next = Next(next.Value))
            yield return next.Value;
    }
}
