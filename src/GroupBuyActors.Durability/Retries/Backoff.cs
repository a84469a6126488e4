namespace GroupBuyActors.Retries;

/// <summary>
/// How long to wait before something that failed is tried again: the first wait, doubled each time, never longer than
/// the cap. The arithmetic is pure; the random number comes from the caller. The wait before retry n is <c>min(first ×
/// 2^(n-1), cap / (1 + jitter)) × (1 + jitter × chance)</c>, in whole milliseconds: jitter only lengthens it, never
/// past the cap.
/// </summary>
/// <param name="First">The wait after the first failure.</param>
/// <param name="Max">No wait is longer.</param>
/// <param name="Jitter">The share by which a wait may be lengthened at random, so that many that failed together do not
/// retry together.</param>
internal readonly record struct Backoff(TimeSpan First, TimeSpan Max, double Jitter = 0)
{
    // Far above any cap; keeps the power finite.
    private const int DoublingsMax = 62;

    /// <summary>The wait after a failure.</summary>
    /// <param name="failures">Failures in a row so far, this one included, from 1.</param>
    /// <param name="chance">A random number from [0, 1), evenly distributed; without effect if there is no
    /// jitter.</param>
    public TimeSpan After(int failures, double chance = 0)
    {
        var doubled = First.TotalMilliseconds * Math.Pow(2, Math.Clamp(failures - 1, 0, DoublingsMax));
        var wait = Math.Min(doubled, Max.TotalMilliseconds / (1 + Jitter));
        return TimeSpan.FromMilliseconds(Math.Round(wait * (1 + Jitter * chance)));
    }
}
