namespace GroupBuyActors.Tasks;

/// <summary>
/// The bounds of a task's times and weights. Input beyond them is refused. If a row has a value beyond them all the
/// same (written by an older release, or by hand), calculations use the bound instead, so that no arithmetic on a task
/// overflows.
/// </summary>
internal static class TaskBounds
{
    /// <summary>The earliest time that an operator may give a task.</summary>
    public static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// Every time that an operator gives is before this: a year before the last representable time, so that waits can
    /// be added.
    /// </summary>
    public static readonly DateTimeOffset Latest = new(9999, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public const string TimeText = "The time must be between the years 2000 and 9998.";

    /// <summary>The largest weight; the smallest is its negative.</summary>
    public const int WeightMax = 1_000;

    public static readonly string WeightText = $"The weight must be between −{WeightMax} and {WeightMax}.";

    private static readonly long FirstMs = DateTimeOffset.MinValue.ToUnixTimeMilliseconds(),
        LastMs = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>True for a time that a task may be given.</summary>
    public static bool IsTime(DateTimeOffset time) => time >= Earliest && time < Latest;

    /// <summary>True for milliseconds since 1970 that are a representable time.</summary>
    public static bool IsInstant(long milliseconds) => milliseconds >= FirstMs && milliseconds <= LastMs;

    /// <summary>The time of milliseconds since 1970, or the nearest representable time.</summary>
    public static DateTimeOffset Instant(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(milliseconds, FirstMs, LastMs));

    /// <summary>
    /// A time moved by a positive or negative span, at most to the first or last representable time.
    /// </summary>
    public static DateTimeOffset Shift(DateTimeOffset time, TimeSpan by)
    {
        var ticks = (Int128)time.UtcTicks + by.Ticks;
        return new DateTimeOffset(
            (long)Int128.Clamp(ticks, DateTimeOffset.MinValue.UtcTicks, DateTimeOffset.MaxValue.UtcTicks),
            TimeSpan.Zero
        );
    }
}
