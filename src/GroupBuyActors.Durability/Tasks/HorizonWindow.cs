namespace GroupBuyActors.Tasks;

/// <summary>
/// How far ahead tasks are held in memory. It follows their density: where a window brings more than half of what
/// memory holds, the next is as much shorter; where it brings little, the next is twice as long. So memory is bounded
/// and readings are whole, whether a minute holds ten tasks or a million.
/// </summary>
/// <remarks>
/// A minute with more than the shortest window may hold is read in parts, each shard's earliest first. Not thread-safe:
/// the owner locks.
/// </remarks>
/// <param name="shortest">Never shorter; the next reading must be done within it.</param>
/// <param name="longest">Never longer, and the first.</param>
/// <param name="tasksMax">Most tasks that one reading may bring.</param>
internal sealed class HorizonWindow(TimeSpan shortest, TimeSpan longest, int tasksMax)
{
    private readonly TimeSpan _longest = longest;

    /// <summary>How far the next reading reaches.</summary>
    public TimeSpan Span { get; private set; } = longest;

    /// <summary>
    /// A reading over <see cref="Span"/> found so many tasks; not complete: there were more than it may bring.
    /// </summary>
    public void Found(int count, bool isComplete)
    {
        var fill = tasksMax / 2.0;
        var ratio = isComplete ? fill / Math.Max(1, count) : Math.Min(0.5, fill / Math.Max(1, count));
        // Shorter at once, longer only from a quarter of the fill and by no more than twice: a herd just ahead is met
        // step by step.
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
