namespace GroupBuyActors.Tasks;

/// <summary>
/// How far ahead tasks are read into memory. It follows their density: if a reading returns more than half of what
/// memory may hold, the next window is shorter in proportion; if it returns little, the next is twice as long. Memory
/// is therefore bounded and readings are complete, whether a minute has ten tasks or a million.
/// </summary>
/// <remarks>
/// If even the shortest window has too many tasks, it is read in parts, each shard's earliest tasks first. Not
/// thread-safe: the owner locks.
/// </remarks>
/// <param name="shortest">The shortest window; the next reading must be finished within it.</param>
/// <param name="longest">The longest window, and the first.</param>
/// <param name="tasksMax">The largest number of tasks that one reading may return.</param>
internal sealed class HorizonWindow(TimeSpan shortest, TimeSpan longest, int tasksMax)
{
    private readonly TimeSpan _longest = longest;

    /// <summary>The length of the next window.</summary>
    public TimeSpan Span { get; private set; } = longest;

    /// <summary>
    /// Adapts the window to a reading over <see cref="Span"/> that returned <paramref name="count"/> tasks; it is not
    /// complete if there were more than it may return.
    /// </summary>
    public void Record(int count, bool isComplete)
    {
        var fill = tasksMax / 2.0;
        var ratio = isComplete ? fill / Math.Max(1, count) : Math.Min(0.5, fill / Math.Max(1, count));
        // It shrinks at once, but grows only below a quarter of the fill and at most to twice, because many tasks may
        // be due just beyond it.
        if (ratio < 1)
            Span = Clamp(Span * ratio);
        else if (ratio >= 4)
            Span = Clamp(Span * 2);
    }

    private TimeSpan Clamp(TimeSpan span) =>
        span < shortest ? shortest
        : span > _longest ? _longest
        : span;
}
