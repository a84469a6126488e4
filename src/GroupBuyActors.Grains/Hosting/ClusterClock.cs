namespace GroupBuyActors.Hosting;

/// <summary>
/// The cluster's common clock: that of the database, which for an embedded database is this machine's. Between two
/// measurements it runs on the machine's monotonic clock; a measured offset is corrected gradually, so that time never
/// runs backwards here, whatever happens to a wall clock. Only <see cref="GetUtcNow"/> differs from the underlying
/// clock.
/// </summary>
internal class ClusterClock : TimeProvider
{
    private static readonly TimeSpan SlewOver = TimeSpan.FromSeconds(2);
    private const double SlewMax = 0.05;
    private const int LocalSamples = 5;
    private readonly TimeProvider _local;
    private volatile Anchor? _anchor;

    /// <summary>Creates a clock that runs like <paramref name="local"/> until the first measurement.</summary>
    public ClusterClock(TimeProvider local) => _local = local;

    /// <summary>Raised when the time has jumped forward, so that waits until a time are computed again.</summary>
    internal event Action? Jumped;

    /// <summary>True if waits may use the machine's own timers, because the underlying clock is the system's.</summary>
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
    /// Applies a measurement: at timestamp <paramref name="at"/> the database's time was <paramref name="database"/>.
    /// The first one, and an offset of more than a second forward, are applied at once; any other is corrected
    /// gradually. Returns the offset.
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
    /// Applies the machine's wall clock as a measurement. The thread may be suspended between two readings, so the
    /// quickest of several is used.
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
