namespace GroupBuyActors.Schedules;

/// <summary>When a schedule fires: by a cron expression, or in a fixed interval.</summary>
internal abstract record ScheduleTiming
{
    private ScheduleTiming() { }

    /// <summary>Its times; throws <see cref="FormatException"/> where it cannot be read.</summary>
    public abstract Recurrence Recurrence(ScheduleRules rules);

    /// <summary>What is wrong with it, by the name of the setting.</summary>
    public abstract IEnumerable<(string Setting, string Fault)> Faults();

    /// <summary>With another expression or zone; what is null stays.</summary>
    public abstract ScheduleTiming With(string? expression, string? zone);

    /// <summary>A cron expression in a time zone.</summary>
    /// <param name="Expression">Cron, five fields or six with seconds first.</param>
    /// <param name="Zone">IANA.</param>
    public sealed record Cron(string Expression, string Zone) : ScheduleTiming
    {
        /// <summary>The same times in UTC, for a machine without time zone data; null for none.</summary>
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
            // With its times in UTC it needs no zone data.
            if (UtcExpression is null && !CronSchedule.TryParse("* * * * *", Zone, out _, out fault))
                yield return (nameof(Zone), fault);
        }

        /// <inheritdoc/>
        public override ScheduleTiming With(string? expression, string? zone) =>
            expression is null && zone is null ? this : new Cron(expression ?? Expression, zone ?? Zone);
    }

    /// <summary>A fixed interval.</summary>
    /// <param name="Every">Whole seconds.</param>
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
