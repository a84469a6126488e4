namespace GroupBuyActors.Retention;

/// <summary>
/// How fast old rows are removed: steps as large as fit a short transaction, and after each a pause as long as the step
/// took. While there is a backlog the next step follows at once, so that removing keeps up with thousands of rows a
/// second and never takes more than half of one connection's time; a database under load answers slower and is spared
/// by that alone.
/// </summary>
/// <param name="Rows">How many rows the next step removes at most.</param>
/// <param name="Pause">How long to wait before it.</param>
internal readonly record struct PurgePace(int Rows, TimeSpan Pause)
{
    /// <summary>Bounds of a step.</summary>
    public const int RowsMin = 50,
        RowsMax = 2_000;

    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(25),
        Slow = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(5),
        PauseMax = TimeSpan.FromSeconds(2);

    /// <summary>The first step.</summary>
    public static PurgePace First { get; } = new(200, TimeSpan.Zero);

    /// <summary>The pace after a step that took so long.</summary>
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
