namespace GroupBuyActors.Hosting;

/// <summary>
/// A clock for use within one process: it begins at the wall clock's time and continues with the monotonic clock,
/// whatever happens to the wall clock.
/// </summary>
internal sealed class MonotonicClock(TimeProvider local) : TimeProvider
{
    private readonly DateTimeOffset _beganAt = local.GetUtcNow();
    private readonly long _began = local.GetTimestamp();

    /// <inheritdoc/>
    public override long TimestampFrequency => local.TimestampFrequency;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => local.LocalTimeZone;

    /// <inheritdoc/>
    public override long GetTimestamp() => local.GetTimestamp();

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _beganAt + local.GetElapsedTime(_began);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        local.CreateTimer(callback, state, dueTime, period);
}
