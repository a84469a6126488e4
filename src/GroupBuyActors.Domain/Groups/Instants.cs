namespace GroupBuyActors.Groups;

/// <summary>
/// Times are whole milliseconds in UTC everywhere, so that what is stored and what is in memory never differ.
/// </summary>
internal static class Instants
{
    public static DateTimeOffset TruncateToMilliseconds(DateTimeOffset instant) =>
        new(instant.UtcTicks - instant.UtcTicks % TimeSpan.TicksPerMillisecond, TimeSpan.Zero);

    public static TimeSpan? TruncateToMilliseconds(TimeSpan? span) =>
        span is { } value ? new TimeSpan(value.Ticks - value.Ticks % TimeSpan.TicksPerMillisecond) : null;

    public static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
