namespace GroupBuyActors.Client;

/// <summary>How long a try may take before another is made, and how long to wait after one that failed.</summary>
internal sealed record CallPace
{
    /// <summary>How long the first try may go unanswered before another is made beside it, at least.</summary>
    public required TimeSpan TryTimeout { get; init; }

    /// <summary>The same at most, however slow answers have become.</summary>
    public required TimeSpan TryTimeoutMax { get; init; }

    /// <summary>The wait after the first try that failed; it doubles each time.</summary>
    public required TimeSpan RetryDelay { get; init; }

    /// <summary>The wait before the next try, in which a part that is drawn by chance is left out.</summary>
    /// <param name="tries">The tries so far.</param>
    /// <param name="max">The longest wait.</param>
    /// <param name="share">In [0, 1); up to half of the wait is left out, so that calls that failed at the same time
    /// are not repeated at the same time.</param>
    public TimeSpan DelayAfter(int tries, TimeSpan max, double share)
    {
        var whole = Math.Min(RetryDelay.Ticks * Math.Pow(2, Math.Min(tries - 1, 20)), max.Ticks);
        return TimeSpan.FromTicks((long)(whole * (1 - share / 2)));
    }
}

/// <summary>How far a call is repeated after a failure of this kind.</summary>
/// <param name="Budget">The time since the call began after which no further try is made.</param>
/// <param name="DelayMax">The longest wait between two tries.</param>
internal readonly record struct RetryBound(TimeSpan Budget, TimeSpan DelayMax);
