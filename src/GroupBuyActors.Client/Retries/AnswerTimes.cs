namespace GroupBuyActors.Client;

/// <summary>
/// How long answers take at the moment, and the time after which one that has not come is probably lost: the smoothed
/// answer time and four times its smoothed deviation, as TCP computes its retransmission timeout (RFC 6298). A store
/// that becomes slow makes all answers slow, and calls must not be sent twice because of that.
/// </summary>
internal sealed class AnswerTimes(CallPace pace)
{
    private const double MeanGain = 1.0 / 8,
        DeviationGain = 1.0 / 4,
        Deviations = 4;

    private readonly Lock _gate = new();
    private double _mean;
    private double _deviation;

    /// <summary>How long to wait for an answer before another try is made.</summary>
    public TimeSpan TryTimeout
    {
        get
        {
            lock (_gate)
            {
                var expected = TimeSpan.FromTicks((long)(_mean + Deviations * _deviation));
                return expected < pace.TryTimeout ? pace.TryTimeout
                    : expected > pace.TryTimeoutMax ? pace.TryTimeoutMax
                    : expected;
            }
        }
    }

    /// <summary>Records the time of one answer, of the try that was answered.</summary>
    public void Add(TimeSpan taken)
    {
        lock (_gate)
        {
            _deviation += DeviationGain * (Math.Abs(taken.Ticks - _mean) - _deviation);
            _mean += MeanGain * (taken.Ticks - _mean);
        }
    }
}
