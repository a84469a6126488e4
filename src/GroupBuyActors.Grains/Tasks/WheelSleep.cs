using GroupBuyActors.Hosting;

namespace GroupBuyActors.Tasks;

/// <summary>The sleep of the wheel's thread until a time of the cluster's clock, or until somebody wakes it.</summary>
internal sealed class WheelSleep : IDisposable
{
    private readonly AutoResetEvent _wake = new(false);
    private readonly ClusterClock _clock;
    private readonly ITimer? _timer;

    public WheelSleep(ClusterClock clock)
    {
        _clock = clock;
        // A clock that a test moves wakes the thread by its own timers; the machine's clock by the thread's own sleep.
        if (!clock.RunsWithTheMachine)
            _timer = clock.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Wake() => _wake.Set();

    public void Sleep(DateTimeOffset until, TimeSpan sleep)
    {
        if (_timer is null)
        {
            // Up to the next millisecond: waking early would mean to sleep again at once.
            _wake.WaitOne((int)Math.Ceiling(sleep.TotalMilliseconds));
            return;
        }

        // A timer counts from where the clock is, which may be moved between the look at it and the setting.
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
