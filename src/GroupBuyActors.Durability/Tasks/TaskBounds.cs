namespace GroupBuyActors.Tasks;

/// <summary>
/// How far a task's numbers may go. What comes from outside is refused beyond them; what is stored beyond them all the
/// same (by an older release, or by hand) is calculated with at the bound, so that no arithmetic on a task overflows.
/// </summary>
internal static class TaskBounds
{
    /// <summary>No task is given an earlier time by hand.</summary>
    public static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// Every time given by hand is before this: a year below the last that can be written, so that waits can be added.
    /// </summary>
    public static readonly DateTimeOffset Latest = new(9999, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The message for a time out of bounds.</summary>
    public const string TimeText = "The time must be between the years 2000 and 9998.";

    /// <summary>Weights are −1,000 to 1,000.</summary>
    public const int WeightMax = 1_000;

    /// <summary>The message for a weight out of bounds.</summary>
    public static readonly string WeightText = $"The weight must be between −{WeightMax} and {WeightMax}.";

    private static readonly long FirstMs = DateTimeOffset.MinValue.ToUnixTimeMilliseconds(),
        LastMs = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>True for a time that a task may be given.</summary>
    public static bool IsTime(DateTimeOffset time) => time >= Earliest && time < Latest;

    /// <summary>True for milliseconds since 1970 that are an instant.</summary>
    public static bool IsInstant(long milliseconds) => milliseconds >= FirstMs && milliseconds <= LastMs;

    /// <summary>The instant of milliseconds since 1970, or the nearest that can be written.</summary>
    public static DateTimeOffset Instant(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(milliseconds, FirstMs, LastMs));

    /// <summary>
    /// A time moved by a span, either sign; at most to the first or last instant that can be written.
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
