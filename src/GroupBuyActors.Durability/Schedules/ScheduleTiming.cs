namespace GroupBuyActors.Schedules;

/// <summary>When a schedule fires: by a cron expression, or at a fixed interval.</summary>
internal abstract record ScheduleTiming
{
    private ScheduleTiming() { }

    /// <summary>Its recurring times; throws <see cref="FormatException"/> if it has faults.</summary>
    public abstract Recurrence Recurrence(ScheduleRules rules);

    /// <summary>The faults, by the name of the setting.</summary>
    public abstract IEnumerable<(string Setting, string Fault)> Faults();

    /// <summary>The timing with another expression or zone; null leaves the value.</summary>
    public abstract ScheduleTiming With(string? expression, string? zone);

    /// <summary>A cron expression in a time zone.</summary>
    /// <param name="Expression">Five fields, or six with seconds first.</param>
    /// <param name="Zone">An IANA time zone.</param>
    public sealed record Cron(string Expression, string Zone) : ScheduleTiming
    {
        /// <summary>
        /// An expression for the same times in UTC, used on a machine without time zone data; or null.
        /// </summary>
        public string? UtcExpression { get; init; }

        /// <inheritdoc/>
        public override Recurrence Recurrence(ScheduleRules rules)
        {
            try
            {
                return new CronSchedule(Expression, Zone, rules);
            }
            catch (FormatException) when (UtcExpression is not null)
            {
                return new CronSchedule(UtcExpression, "UTC", rules);
            }
        }

        /// <inheritdoc/>
        public override IEnumerable<(string Setting, string Fault)> Faults()
        {
            if (!CronSchedule.TryParse(Expression, "UTC", out _, out var fault))
                yield return (nameof(Expression), fault);
            // With an expression in UTC it needs no time zone data.
            if (UtcExpression is null && !CronSchedule.TryParse("* * * * *", Zone, out _, out fault))
                yield return (nameof(Zone), fault);
        }

        /// <inheritdoc/>
        public override ScheduleTiming With(string? expression, string? zone) =>
            expression is null && zone is null ? this : new Cron(expression ?? Expression, zone ?? Zone);
    }

    /// <summary>A fixed interval.</summary>
    /// <param name="Every">The interval, in whole seconds.</param>
    public sealed record Interval(TimeSpan Every) : ScheduleTiming
    {
        /// <summary>The first firing, from which the others are counted.</summary>
        public DateTimeOffset From { get; init; } = DateTimeOffset.UnixEpoch;

        /// <inheritdoc/>
        public override Recurrence Recurrence(ScheduleRules rules) => new IntervalSchedule(Every, From, rules);

        /// <inheritdoc/>
        public override IEnumerable<(string Setting, string Fault)> Faults() =>
            IntervalSchedule.Fault(Every, From) is { } fault ? [(nameof(Interval), fault)] : [];

        /// <inheritdoc/>
        public override ScheduleTiming With(string? expression, string? zone) =>
            expression is null ? this : new Cron(expression, zone ?? "UTC");
    }
}
