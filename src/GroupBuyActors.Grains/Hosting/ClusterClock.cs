namespace GroupBuyActors.Hosting;

/// <summary>
/// The cluster's one clock: the database's, which for an embedded one is this machine's. Between two measurements it
/// runs on the machine's monotonic clock; an offset found by a measurement is slewed in, so that time never runs back
/// here, whatever is done to a wall clock. Only <see cref="GetUtcNow"/> differs from the clock underneath.
/// </summary>
internal class ClusterClock : TimeProvider
{
    private static readonly TimeSpan SlewOver = TimeSpan.FromSeconds(2);
    private const double SlewMax = 0.05;
    private const int LocalSamples = 5;
    private readonly TimeProvider _local;
    private volatile Anchor? _anchor;

    /// <summary>Runs like <paramref name="local"/> until the first measurement.</summary>
    public ClusterClock(TimeProvider local) => _local = local;

    /// <summary>Called when the time has jumped forward: a wait until a certain time must be computed again.</summary>
    internal event Action? Jumped;

    /// <summary>True where waiting may use the machine's own timers: the clock underneath is the system's.</summary>
    internal bool RunsWithTheMachine => ReferenceEquals(_local, System);

    /// <inheritdoc/>
    public override long TimestampFrequency => _local.TimestampFrequency;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => _local.LocalTimeZone;

    /// <inheritdoc/>
    public override long GetTimestamp() => _local.GetTimestamp();

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        _local.CreateTimer(callback, state, dueTime, period);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() =>
        _anchor is { } anchor ? At(anchor, _local.GetTimestamp()) : _local.GetUtcNow();

    /// <summary>
    /// Takes over a measurement: at timestamp <paramref name="at"/> the database said <paramref name="database"/>. The
    /// first one, and a jump forward by more than a second, are taken at once; anything else is slewed in.
    /// </summary>
    internal TimeSpan Discipline(long at, DateTimeOffset database)
    {
        var stamp = _local.GetTimestamp();
        var target = database + _local.GetElapsedTime(at, stamp);
        if (_anchor is not { } anchor)
        {
            var first = target - _local.GetUtcNow();
            _anchor = new Anchor(stamp, target.UtcTicks, 1);
            return first;
        }

        var now = At(anchor, stamp);
        var offset = target - now;
        var rate = 1 + Math.Clamp(offset / SlewOver, -SlewMax, SlewMax);
        var jumps = offset > TimeSpan.FromSeconds(1);
        _anchor = jumps ? new Anchor(stamp, target.UtcTicks, 1) : new Anchor(stamp, now.UtcTicks, rate);
        if (jumps)
            Jumped?.Invoke();
        return offset;
    }

    /// <summary>
    /// Takes over the machine's own wall clock as a measurement; the thread may be stopped between two looks, so of
    /// several the closest counts.
    /// </summary>
    internal TimeSpan FollowLocal()
    {
        var (best, at, said) = (TimeSpan.MaxValue, 0L, default(DateTimeOffset));
        for (var i = 0; i < LocalSamples; i++)
        {
            var stamp = _local.GetTimestamp();
            var now = _local.GetUtcNow();
            var apart = _local.GetElapsedTime(stamp);
            if (apart < best)
                (best, at, said) = (apart, stamp, now);
        }

        return Discipline(at, said);
    }

    private DateTimeOffset At(Anchor anchor, long stamp) =>
        new(anchor.Ticks + (long)(_local.GetElapsedTime(anchor.Stamp, stamp).Ticks * anchor.Rate), TimeSpan.Zero);

    private sealed record Anchor(long Stamp, long Ticks, double Rate);
}
