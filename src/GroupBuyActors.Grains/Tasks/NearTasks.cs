using GroupBuyActors.Hosting;
using GroupBuyActors.Membership;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>A task in this silo's memory.</summary>
internal sealed class NearTask(TimedTask task, bool isOverdue)
{
    /// <summary>As it is stored now.</summary>
    public TimedTask Stored { get; set; } = task;
    /// <summary>True where whoever ran it before is gone: its next try is recorded before it begins.</summary>
    public bool IsOverdue { get; set; } = isOverdue;
    /// <summary>Runs in a row that met trouble of ours; not counted as tries.</summary>
    public int Troubles { get; set; }
    /// <summary>Set when the task was cancelled or moved while it ran: its end changes nothing in memory.</summary>
    public bool IsGone { get; set; }
}

/// <summary>
/// The tasks of this silo's shards that are due within the horizon, woken exactly when they are due.
/// <para>
/// One wheel for all shards, on a thread of its own: it sleeps until the next due time and hands what is due to
/// <see cref="TaskQueues"/>. A task is here at most once, waiting in the wheel or taken out of it to run. What is not here is in
/// the table, and read when the horizon reaches it; so losing this memory loses nothing.
/// </para>
/// <para>
/// Everything here may be wrong in one direction: a task that is gone or was moved may still fire. That is harmless by construction,
/// for the group's state, or the row of its run, decides.
/// </para>
/// </summary>
internal sealed class NearTasks : IDisposable
{
    // Commits of this silo wait for the lock while due tasks are taken out, so not all of a flood are taken at once.
    private const int FiresAtOnce = 1_000;
    private static readonly TimeSpan SleepMax = TimeSpan.FromSeconds(30);
    private readonly Lock _gate = new();
    private readonly ClusterClock _clock;
    private readonly TaskQueues _queues;
    private readonly TaskWheel<NearTask> _wheel;
    private readonly Dictionary<string, NearTask> _out = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _pending = new(StringComparer.Ordinal);
    private readonly long[] _epochs = new long[ShardId.Count];
    private readonly List<DueEntry<NearTask>> _due = [];
    private readonly AutoResetEvent _wake = new(false);
    private readonly ITimer? _timer;
    private readonly GrainsOptions _options;
    private HashSet<string>? _goneWhileReading;
    private DateTimeOffset _until;
    private DateTimeOffset _sleepsUntil = DateTimeOffset.MinValue;
    private int _owned;
    private volatile bool _stopped;
    private Thread? _thread;

    public NearTasks(ClusterClock clock, TaskQueues queues, IOptions<GrainsOptions> options)
    {
        (_clock, _queues, _options) = (clock, queues, options.Value);
        _wheel = new TaskWheel<NearTask>(clock.GetUtcNow());
        _until = DateTimeOffset.MinValue;
        // A clock that a test moves wakes the thread by its own timers; the machine's clock by the thread's own sleep.
        if (!clock.RunsWithTheMachine) _timer = clock.CreateTimer(_ => _wake.Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Shards owned.</summary>
    public int Owned => Volatile.Read(ref _owned);

    /// <summary>The epoch in which this silo owns a shard, 0 where it does not.</summary>
    public long EpochOf(ShardId shard) => Volatile.Read(ref _epochs[shard.Index]);

    /// <summary>Begins to wake tasks.</summary>
    public void Start()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "timed tasks", Priority = ThreadPriority.AboveNormal };
        _thread.Start();
    }

    /// <summary>Wakes no more tasks.</summary>
    public void Stop()
    {
        _stopped = true;
        _wake.Set();
        _thread?.Join(TimeSpan.FromSeconds(5));
    }

    public void Own(ShardId shard, long epoch)
    {
        lock (_gate)
        {
            if (_epochs[shard.Index] == 0) _owned++;
            _epochs[shard.Index] = epoch;
        }
    }

    /// <summary>Its tasks in the wheel are passed over when they come up.</summary>
    public void Disown(ShardId shard)
    {
        lock (_gate)
        {
            if (_epochs[shard.Index] == 0) return;
            _epochs[shard.Index] = 0;
            _owned--;
        }
    }

    public List<ShardId> OwnedShards()
    {
        lock (_gate)
        {
            var shards = new List<ShardId>(_owned);
            for (var i = 0; i < _epochs.Length; i++)
                if (_epochs[i] != 0) shards.Add(new ShardId(i));
            return shards;
        }
    }

    /// <summary>
    /// A reading of the table begins: what is scheduled from now on before the end of its window is kept in memory, for the reading may
    /// have missed it; what is done from now on must not come back with it.
    /// </summary>
    public DateTimeOffset BeginReading()
    {
        lock (_gate)
        {
            _goneWhileReading = new HashSet<string>(StringComparer.Ordinal);
            var until = _clock.GetUtcNow() + _options.Horizon;
            if (until > _until) _until = until;
            return until;
        }
    }

    /// <summary>Takes in what a reading found; gives how many are new and how many of these are overdue.</summary>
    public (int Added, int Overdue) EndReading(IReadOnlyList<TimedTask> found)
    {
        var (added, overdue) = (0, 0);
        lock (_gate)
        {
            var late = _clock.GetUtcNow() - _options.OverdueAfter;
            foreach (var task in found)
            {
                if (_goneWhileReading!.Contains(task.Key.Id)) continue;
                var isOverdue = task.NextAt < late;
                if (!TryAdd(new NearTask(task, isOverdue))) continue;
                added++;
                if (isOverdue) overdue++;
            }

            _goneWhileReading = null;
        }

        return (added, overdue);
    }

    /// <summary>A reading failed; the next one begins anew.</summary>
    public void GiveUpReading()
    {
        lock (_gate) _goneWhileReading = null;
    }

    /// <summary>
    /// Adds a task just committed, where it is near and its shard is owned; false where the shard is not. Where memory is full it stays
    /// in the table, which is being read stretch by stretch then.
    /// </summary>
    public bool Add(TimedTask task)
    {
        lock (_gate)
        {
            if (_epochs[task.Key.Shard.Index] == 0) return false;
            if (task.NextAt < _until && _wheel.Count < 2 * _options.HorizonTasksMax) TryAdd(new NearTask(task, false));
            return true;
        }
    }

    /// <summary>Takes a task out that a commit removed.</summary>
    public void Remove(string id)
    {
        lock (_gate)
        {
            _goneWhileReading?.Add(id);
            if (_wheel.Cancel(id, out var task)) CountPending(task.Stored.Type, -1);
            if (_out.TryGetValue(id, out var running)) running.IsGone = true;
        }
    }

    /// <summary>A run has ended and the task with it.</summary>
    public void Done(NearTask task)
    {
        lock (_gate)
        {
            _goneWhileReading?.Add(task.Stored.Key.Id);
            _out.Remove(task.Stored.Key.Id);
        }
    }

    /// <summary>A run has ended and the task runs again at <paramref name="at"/>, where it is still wanted here.</summary>
    public void Again(NearTask task, DateTimeOffset at)
    {
        lock (_gate)
        {
            _out.Remove(task.Stored.Key.Id);
            if (task.IsGone || _epochs[task.Stored.Key.Shard.Index] == 0) return;
            if (_wheel.Add(task.Stored.Key.Id, at, task))
            {
                CountPending(task.Stored.Type, 1);
                if (at < _sleepsUntil) _wake.Set();
            }
        }
    }

    /// <summary>Tasks in the wheel by type.</summary>
    public Dictionary<string, int> Pending()
    {
        lock (_gate) return new Dictionary<string, int>(_pending);
    }

    /// <summary>Tasks in memory.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _wheel.Count + _out.Count;
        }
    }

    /// <summary>True for a task that is due and being run, or about to be.</summary>
    public bool IsRunning(string id)
    {
        lock (_gate) return _out.ContainsKey(id);
    }

    /// <summary>Due tasks by shard.</summary>
    public Dictionary<ShardId, int> Backlog()
    {
        lock (_gate) return _out.Values.GroupBy(task => task.Stored.Key.Shard).ToDictionary(shard => shard.Key, shard => shard.Count());
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _wake.Dispose();
    }

    private bool TryAdd(NearTask task)
    {
        var key = task.Stored.Key;
        if (_epochs[key.Shard.Index] == 0 || _out.ContainsKey(key.Id)) return false;
        if (!_wheel.Add(key.Id, task.Stored.NextAt, task)) return false;
        CountPending(task.Stored.Type, 1);
        if (task.Stored.NextAt < _sleepsUntil) _wake.Set();
        return true;
    }

    private void Run()
    {
        while (!_stopped)
        {
            TimeSpan sleep;
            lock (_gate)
            {
                _wheel.PopDue(_clock.GetUtcNow(), _due, FiresAtOnce);
                foreach (var due in _due) Fire(due.Item);
                _due.Clear();
                var now = _clock.GetUtcNow();
                var next = _wheel.NextDue() ?? DateTimeOffset.MaxValue;
                _sleepsUntil = next;
                sleep = next - now;
            }

            if (sleep > TimeSpan.Zero) Sleep(sleep < SleepMax ? sleep : SleepMax);
        }
    }

    private void Fire(NearTask task)
    {
        CountPending(task.Stored.Type, -1);
        if (_epochs[task.Stored.Key.Shard.Index] == 0) return;
        _out[task.Stored.Key.Id] = task;
        _queues.Add(task);
    }

    private void Sleep(TimeSpan sleep)
    {
        if (_timer is null)
        {
            // Up to the next millisecond: waking early would mean to sleep again at once.
            _wake.WaitOne((int)Math.Ceiling(sleep.TotalMilliseconds));
            return;
        }

        _timer.Change(sleep, Timeout.InfiniteTimeSpan);
        _wake.WaitOne();
    }

    private void CountPending(string type, int change) =>
        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_pending, type, out _) += change;
}
