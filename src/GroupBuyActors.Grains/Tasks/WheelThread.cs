using GroupBuyActors.Hosting;

namespace GroupBuyActors.Tasks;

/// <summary>
/// The thread that takes due tasks out of the wheel, and sleeps until the next is due or it is woken.
/// </summary>
/// <param name="clock">The clock by which it sleeps.</param>
/// <param name="fireDue">Fires due tasks, and returns the time and until when there is nothing to do. Never
/// throws.</param>
internal sealed class WheelThread(ClusterClock clock, Func<(DateTimeOffset Now, DateTimeOffset Until)> fireDue)
    : IDisposable
{
    private readonly WheelSleep _sleep = new(clock);
    private volatile bool _stopped;
    private Thread? _thread;

    /// <summary>True from its start until it is stopped.</summary>
    public bool IsRunning => _thread is not null && !_stopped;

    public void Start()
    {
        _thread = new Thread(Run)
        {
            IsBackground = true,
            Name = "timed tasks",
            Priority = ThreadPriority.AboveNormal,
        };
        _thread.Start();
    }

    public void Wake() => _sleep.Wake();

    public void Stop()
    {
        _stopped = true;
        _sleep.Wake();
        _thread?.Join(TimeSpan.FromSeconds(5));
    }

    public void Dispose() => _sleep.Dispose();

    private void Run()
    {
        while (!_stopped)
        {
            var (now, until) = fireDue();
            if (until > now)
                _sleep.Sleep(until, until - now);
        }
    }
}
