namespace GroupBuyActors.Retries;

/// <summary>
/// How long to wait before something that failed is tried again: the first wait, doubled each time, never longer than
/// the cap. The arithmetic is pure, chance comes from the caller. The wait before retry n is
/// <c>min(first × 2^(n-1), cap / (1 + jitter)) × (1 + jitter × chance)</c>, in whole milliseconds: jitter only
/// lengthens it, never past the cap.
/// </summary>
/// <param name="First">The wait after the first failure.</param>
/// <param name="Max">No wait is longer.</param>
/// <param name="Jitter">Share by which chance may lengthen a wait, so that many who failed together return
/// apart.</param>
internal readonly record struct Backoff(TimeSpan First, TimeSpan Max, double Jitter = 0)
{
    // Far above any cap; it keeps the power a finite number.
    private const int DoublingsMax = 62;

    /// <summary>The wait after a failure.</summary>
    /// <param name="failures">Failures in a row so far, this one included, from 1.</param>
    /// <param name="chance">Drawn evenly from [0, 1); without effect where there is no jitter.</param>
    public TimeSpan After(int failures, double chance = 0)
    {
        var doubled = First.TotalMilliseconds * Math.Pow(2, Math.Clamp(failures - 1, 0, DoublingsMax));
        var wait = Math.Min(doubled, Max.TotalMilliseconds / (1 + Jitter));
        return TimeSpan.FromMilliseconds(Math.Round(wait * (1 + Jitter * chance)));
    }
}
