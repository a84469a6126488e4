using GroupBuyActors.Hosting;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Lets the wheel's thread sleep until a time of the cluster's clock, or until <see cref="Wake"/> is called.
/// </summary>
internal sealed class WheelSleep : IDisposable
{
    private readonly AutoResetEvent _wake = new(false);
    private readonly ClusterClock _clock;
    private readonly ITimer? _timer;

    public WheelSleep(ClusterClock clock)
    {
        _clock = clock;
        // A clock that tests control wakes the thread by its timers; with the machine's clock the thread's own sleep is
        // enough.
        if (!clock.RunsWithTheMachine)
            _timer = clock.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Wake() => _wake.Set();

    public void Sleep(DateTimeOffset until, TimeSpan sleep)
    {
        if (_timer is null)
        {
            // Rounded up to a millisecond, because a thread that wakes early would sleep again at once.
            _wake.WaitOne((int)Math.Ceiling(sleep.TotalMilliseconds));
            return;
        }

        // The clock may be moved between reading it and setting the timer, so the clock is read again.
        DateTimeOffset now;
        do
        {
            now = _clock.GetUtcNow();
            if (now >= until)
                return;
            _timer.Change(until - now, Timeout.InfiniteTimeSpan);
        } while (_clock.GetUtcNow() != now);
        _wake.WaitOne();
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _wake.Dispose();
    }
}
