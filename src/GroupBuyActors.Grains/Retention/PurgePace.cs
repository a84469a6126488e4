namespace GroupBuyActors.Retention;

/// <summary>
/// How fast old rows are removed: in steps that fit a short transaction, with a pause after each as long as the step
/// took. Removing therefore keeps up with thousands of rows a second but never takes more than half of one connection's
/// time, and slows down when a database under load answers slowly.
/// </summary>
/// <param name="Rows">The number of rows that the next step removes at most.</param>
/// <param name="Pause">The wait before the next step.</param>
internal readonly record struct PurgePace(int Rows, TimeSpan Pause)
{
    /// <summary>The bounds of a step.</summary>
    public const int RowsMin = 50,
        RowsMax = 2_000;

    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(25),
        Slow = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(5),
        PauseMax = TimeSpan.FromSeconds(2);

    /// <summary>The first step.</summary>
    public static PurgePace First { get; } = new(200, TimeSpan.Zero);

    /// <summary>The pace after a step that took this long.</summary>
    public PurgePace After(TimeSpan took)
    {
        var rows =
            took < Quick ? Rows * 2
            : took > Slow ? Rows / 2
            : Rows;
        return new PurgePace(
            Math.Clamp(rows, RowsMin, RowsMax),
            took < PauseMin ? PauseMin
                : took > PauseMax ? PauseMax
                : took
        );
    }
}
