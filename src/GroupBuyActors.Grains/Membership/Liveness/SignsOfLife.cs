namespace GroupBuyActors.Membership.Liveness;

/// <summary>
/// Watches the time that each silo writes into its row of the membership table while it runs. It is only compared with
/// what was read before, not with a clock: machines may disagree about the time.
/// </summary>
internal sealed class SignsOfLife(TimeProvider time)
{
    /// <summary>
    /// How long a row must have been watched without a new sign: more than two intervals, and longer than a silo that
    /// thaws may answer from memory.
    /// </summary>
    public static TimeSpan Silence { get; } = ProbeTimes.SignOfLifeInterval * 2.5;

    private readonly Dictionary<SiloAddress, (DateTime Sign, long SeenAt)> _seen = [];

    /// <summary>True if the row has been the same for <see cref="Silence"/> since it was first read.</summary>
    public bool HasStopped(SiloAddress silo, DateTime sign)
    {
        if (!_seen.TryGetValue(silo, out var seen) || seen.Sign != sign)
            _seen[silo] = seen = (sign, time.GetTimestamp());
        return time.GetElapsedTime(seen.SeenAt) >= Silence;
    }
}
