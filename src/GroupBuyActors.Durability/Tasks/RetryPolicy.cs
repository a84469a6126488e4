using GroupBuyActors.Retries;

namespace GroupBuyActors.Tasks;

/// <summary>What happens to a task after a failed try.</summary>
internal enum RetryDecision
{
    /// <summary>It is tried again after the delay.</summary>
    Again,

    /// <summary>
    /// It no longer asks its target and decides without the answer, after the delay. If that decision cannot be stored,
    /// it is repeated with growing delays.
    /// </summary>
    DecideWithout,

    /// <summary>Its tries are used up: a dead letter.</summary>
    Dead,

    /// <summary>Its time to live is over: dropped.</summary>
    Expired,
}

/// <summary>The step after a failed try.</summary>
/// <param name="Decision">What happens to the task.</param>
/// <param name="Delay">The wait before that; zero means at once.</param>
/// <param name="Alert">True if operators are alerted: once, not at every further try.</param>
internal readonly record struct RetryStep(RetryDecision Decision, TimeSpan Delay, bool Alert);

/// <summary>
/// When a failed try is followed by another. The arithmetic is pure: the random number comes from the caller, and waits
/// grow as in <see cref="Backoff"/>.
/// </summary>
internal sealed record RetryPolicy
{
    /// <summary>The share by which a wait may be lengthened at random.</summary>
    public const double Jitter = 0.2;

    /// <summary>The first exponential wait; 100 ms.</summary>
    public TimeSpan BaseDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>No wait is longer.</summary>
    public TimeSpan DelayMax { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Fixed waits before the first retries; the exponential waits after them begin at <see cref="BaseDelay"/>.
    /// </summary>
    public IReadOnlyList<TimeSpan> FirstDelays { get; init; } = [];

    /// <summary>Retries after the first try, then <see cref="WhenUsedUp"/>; null for no limit.</summary>
    public int? RetryCountMax { get; init; }

    /// <summary>What happens when the retries are used up or <see cref="AgeMax"/> has passed.</summary>
    public RetryDecision WhenUsedUp { get; init; } = RetryDecision.Dead;

    /// <summary>An alert is raised when this many retries have failed; null for never.</summary>
    public int? AlertAfter { get; init; }

    /// <summary>Tries end this long after the task was first due; null for no limit.</summary>
    public TimeSpan? AgeMax { get; init; }

    /// <summary>This long after it was first due the task is dropped as expired; null for never.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>No wait between two tries is longer.</summary>
    public TimeSpan LongestDelay
    {
        get
        {
            var longest = DelayMax;
            foreach (var delay in FirstDelays)
                if (delay > longest)
                    longest = delay;
            return longest;
        }
    }

    /// <summary>The step after a failed try.</summary>
    /// <param name="failures">Failed tries so far, this one included, from 1.</param>
    /// <param name="age">Time since the task was first due: <see cref="TimedTask.AgeAt"/>.</param>
    /// <param name="chance">A random number from [0, 1), evenly distributed.</param>
    public RetryStep After(int failures, TimeSpan age, double chance)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(failures, 1);
        if (TimeToLive is { } live && age >= live)
            return new RetryStep(RetryDecision.Expired, TimeSpan.Zero, false);
        var alert = failures - 1 == AlertAfter;
        if (failures <= (RetryCountMax ?? int.MaxValue) && !(age >= AgeMax))
            return new RetryStep(RetryDecision.Again, Delay(failures, chance), alert);
        if (WhenUsedUp != RetryDecision.DecideWithout)
            return new RetryStep(WhenUsedUp, TimeSpan.Zero, alert || WhenUsedUp == RetryDecision.Dead);
        // The decision is first made at once. More failures follow only if it cannot be stored; then there are waits
        // again.
        var further = failures - 1 - (RetryCountMax ?? 0);
        return new RetryStep(
            RetryDecision.DecideWithout,
            further == 0 ? TimeSpan.Zero : Exponential(further, chance),
            alert
        );
    }

    private TimeSpan Delay(int failures, double chance) =>
        failures <= FirstDelays.Count ? FirstDelays[failures - 1] : Exponential(failures - FirstDelays.Count, chance);

    private TimeSpan Exponential(int n, double chance) => new Backoff(BaseDelay, DelayMax, Jitter).After(n, chance);
}
