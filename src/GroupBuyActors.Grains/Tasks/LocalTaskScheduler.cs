using GroupBuyActors.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>
/// The tasks of this silo's shards that are due within the horizon, woken exactly when they are due.
/// <para>
/// One wheel for all shards, on a thread of its own: it sleeps until the next due time and hands what is due to
/// <see cref="TaskDispatcher"/>. A task is here at most once, waiting in the wheel or taken out of it to run. What is
/// not here is in the table, and read when the horizon reaches it; so losing this memory loses nothing.
/// </para>
/// <para>
/// Memory is bounded. Where it is full, what is due last goes back to the table, where it still is, so that what is due
/// first has room.
/// </para>
/// <para>
/// One task never stops the others: what cannot be added, queued or fired is logged and parked, and the thread
/// goes on whatever it meets, for every timed task of the silo hangs on it.
/// </para>
/// <para>
/// Everything here may be wrong in one direction: a task that is gone or was moved may still fire. That is harmless by
/// construction, for the group's state, or the row of its run, decides.
/// </para>
/// </summary>
internal sealed partial class LocalTaskScheduler : IDisposable
{
    // Commits of this silo wait for the lock while due tasks are taken out, so not all of a flood are taken at once.
    private const int FiresAtOnce = 1_000;
    private static readonly TimeSpan SleepMax = TimeSpan.FromSeconds(30),
        PauseAfterFault = TimeSpan.FromMilliseconds(100),
        Ahead = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private readonly ClusterClock _clock;
    private readonly TaskDispatcher _queues;
    private readonly TaskPolicyRegistry _policies;
    private readonly TaskWheel<ScheduledTask> _wheel;
    private readonly Dictionary<string, ScheduledTask> _out = new(StringComparer.Ordinal);
    private readonly long[] _epochs = new long[ShardId.Count];
    private readonly List<DueEntry<ScheduledTask>> _due = [];
    private readonly WheelSleep _sleep;
    private readonly GrainsOptions _options;
    private readonly HorizonWindow _window;
    private readonly ILogger _log;
    private HashSet<string>? _removedWhileReading;
    private bool _overflowed;
    private DateTimeOffset _until;
    private DateTimeOffset _readAt,
        _readUntil;
    private DateTimeOffset? _readTo;
    private DateTimeOffset _sleepsUntil = DateTimeOffset.MinValue;
    private int _owned;
    private volatile bool _stopped;
    private Thread? _thread;

    public LocalTaskScheduler(
        ClusterClock clock,
        TaskDispatcher queues,
        TaskPolicyRegistry policies,
        IOptions<GrainsOptions> options,
        ILogger<LocalTaskScheduler> log
    )
    {
        (_clock, _queues, _policies, _options, _log) = (clock, queues, policies, options.Value, log);
        _wheel = new TaskWheel<ScheduledTask>(clock.GetUtcNow());
        _window = new HorizonWindow(
            _options.HorizonMin < _options.Horizon ? _options.HorizonMin : _options.Horizon,
            _options.Horizon,
            _options.HorizonTasksMax
        );
        _until = DateTimeOffset.MinValue;
        _sleep = new WheelSleep(clock);
    }

    /// <summary>Shards owned.</summary>
    public int Owned => Volatile.Read(ref _owned);

    /// <summary>The epoch in which this silo owns a shard, 0 where it does not.</summary>
    public long EpochOf(ShardId shard) => Volatile.Read(ref _epochs[shard.Index]);

    /// <summary>Begins to wake tasks.</summary>
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

    /// <summary>Looks at the clock again: it has jumped, and the thread sleeps until a time of before.</summary>
    public void WakeUp() => _sleep.Wake();

    /// <summary>Wakes no more tasks.</summary>
    public void Stop()
    {
        _stopped = true;
        _sleep.Wake();
        _thread?.Join(TimeSpan.FromSeconds(5));
    }

    public void Own(ShardId shard, long epoch)
    {
        lock (_gate)
        {
            if (_epochs[shard.Index] == 0)
                _owned++;
            _epochs[shard.Index] = epoch;
        }
    }

    /// <summary>Its tasks in the wheel are passed over when they come up.</summary>
    public void Disown(ShardId shard)
    {
        lock (_gate)
        {
            if (_epochs[shard.Index] == 0)
                return;
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
                if (_epochs[i] != 0)
                    shards.Add(new ShardId(i));
            return shards;
        }
    }

    /// <summary>
    /// Adds a task just committed, where it is near and its shard is owned; false where the shard is not. Where memory
    /// is full it stays in the table: see <see cref="HasOverflowed"/>. <paramref name="mayHaveBegun"/>: see
    /// <see cref="ScheduledTask.MayHaveBegun"/>.
    /// </summary>
    public bool Add(TimedTask task, bool mayHaveBegun = false)
    {
        lock (_gate)
        {
            if (_epochs[task.Key.Shard.Index] == 0)
                return false;
            if (HasCapacityFor(task.NextAt) && !TryFireNow(task, mayHaveBegun))
                TryAdd(task, false, mayHaveBegun);
            return true;
        }
    }

    /// <summary>Adds a task that has no row: it is lost with this memory, and fires whatever the horizon is.</summary>
    public void AddUnstored(TimedTask task)
    {
        lock (_gate)
            TryAdd(task, false);
    }

    /// <summary>Takes a task out that a commit removed.</summary>
    public void Remove(string id)
    {
        lock (_gate)
        {
            _removedWhileReading?.Add(id);
            _wheel.Cancel(id, out _);
            if (_out.TryGetValue(id, out var running))
                Abandon(running);
        }
    }

    /// <summary>
    /// Takes a task out of memory before its row is removed or moved by hand, so that it does not fire meanwhile. False
    /// where its run has begun: then it is too late. One that is not in memory is true: whoever reads it now meets the
    /// commit.
    /// </summary>
    public bool TryTake(string id)
    {
        lock (_gate)
        {
            _wheel.Cancel(id, out _);
            if (!_out.TryGetValue(id, out var running))
                return true;
            if (!running.IsParked && !running.TryDrop())
                return false;
            _out.Remove(id);
            return true;
        }
    }

    /// <summary>Where a task is, and what memory knows of it.</summary>
    public (TaskLocation Where, ScheduledTask? Task) Find(string id)
    {
        lock (_gate)
        {
            if (_wheel.TryGet(id, out _, out var waiting))
                return (TaskLocation.Wheel, waiting);
            if (!_out.TryGetValue(id, out var running))
                return (TaskLocation.Table, null);
            return (
                running.IsParked ? TaskLocation.Parked
                : running.HasBegun ? TaskLocation.Running
                : TaskLocation.Queue,
                running
            );
        }
    }

    /// <summary>Keeps a task that nobody can run, so that it is neither read nor told again.</summary>
    public void Park(ScheduledTask task)
    {
        lock (_gate)
            task.IsParked = true;
    }

    /// <summary>Tasks parked, by type.</summary>
    public Dictionary<string, int> Parked()
    {
        lock (_gate)
            return _out
                .Values.Where(task => task.IsParked)
                .GroupBy(task => task.Stored.Type)
                .ToDictionary(type => type.Key, type => type.Count());
    }

    /// <summary>A run has ended and the task with it.</summary>
    public void Done(ScheduledTask task)
    {
        lock (_gate)
        {
            _removedWhileReading?.Add(task.Stored.Key.Id);
            _out.Remove(task.Stored.Key.Id);
        }
    }

    /// <summary>
    /// A run has ended and the task runs again at <paramref name="at"/>, where it is still wanted here.
    /// </summary>
    public void Again(ScheduledTask task, DateTimeOffset at)
    {
        lock (_gate)
        {
            _out.Remove(task.Stored.Key.Id);
            task.Rest();
            if (task.IsGone || _epochs[task.Stored.Key.Shard.Index] == 0)
                return;
            // Its row says when it is next: where memory is full, or ends before that, it is found there.
            if (task.Stored.NextAt == at && !HasCapacityFor(at))
                return;
            if (!_wheel.Add(task.Stored.Key.Id, at, task))
                return;
            task.FiresAt = at;
            if (at < _sleepsUntil)
                _sleep.Wake();
        }
    }

    /// <summary>Tasks in memory.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _wheel.Count + _out.Count;
        }
    }

    /// <summary>True where something is due and has not been taken out of the wheel yet.</summary>
    internal bool HasDue
    {
        get
        {
            lock (_gate)
                return _wheel.NextDue() <= _clock.GetUtcNow();
        }
    }

    /// <summary>True for a task that is due and being run, or about to be.</summary>
    public bool IsRunning(string id)
    {
        lock (_gate)
            return _out.TryGetValue(id, out var task) && !task.IsParked;
    }

    /// <summary>Due tasks by shard.</summary>
    public Dictionary<ShardId, int> Backlog()
    {
        lock (_gate)
            return _out
                .Values.GroupBy(task => task.Stored.Key.Shard)
                .ToDictionary(shard => shard.Key, shard => shard.Count());
    }

    public void Dispose() => _sleep.Dispose();

    /// <summary>One that waits for a place leaves at once; one that runs is told by its end.</summary>
    private void Abandon(ScheduledTask task)
    {
        task.IsGone = true;
        if (task.IsParked || task.TryDrop())
            _out.Remove(task.Stored.Key.Id);
    }

    /// <summary>
    /// What is due and waits for a place counts, too: a herd that is due at once must not outgrow memory either.
    /// </summary>
    private bool IsFull => _wheel.Count + _out.Count >= 2 * _options.HorizonTasksMax;

    private bool TryAdd(TimedTask task, bool isOverdue, bool mayHaveBegun = false)
    {
        var key = task.Key;
        if (_epochs[key.Shard.Index] == 0 || _out.ContainsKey(key.Id))
            return false;
        // Left from before the shard was another's, which has tried or moved it since.
        if (_wheel.TryGet(key.Id, out _, out var former) && former.Stored.Version < task.Version)
            _wheel.Cancel(key.Id, out _);
        var item = new ScheduledTask(task, isOverdue) { MayHaveBegun = mayHaveBegun, LoadedAt = _clock.GetUtcNow() };
        try
        {
            item.FiresAt = TaskBounds.Shift(task.NextAt, SpreadOf(task));
            if (!_wheel.Add(key.Id, item.FiresAt, item))
                return false;
            if (item.FiresAt < _sleepsUntil)
                _sleep.Wake();
        }
        catch (Exception e)
        {
            Parked(item, e);
        }

        return true;
    }

    /// <summary>
    /// What a commit schedules for now need not wait for the wheel's thread to wake: it stands in line at once.
    /// </summary>
    private bool TryFireNow(TimedTask task, bool mayHaveBegun)
    {
        var now = _clock.GetUtcNow();
        if (
            task.NextAt > now
            || _thread is null
            || _stopped
            || _out.ContainsKey(task.Key.Id)
            || _wheel.TryGet(task.Key.Id, out _, out _)
        )
            return false;
        var firesAt = TaskBounds.Shift(task.NextAt, SpreadOf(task));
        if (firesAt > now)
            return false;
        Queue(
            new ScheduledTask(task, isOverdue: false)
            {
                MayHaveBegun = mayHaveBegun,
                LoadedAt = now,
                FiresAt = firesAt,
            }
        );
        return true;
    }

    private void Queue(ScheduledTask task)
    {
        try
        {
            _out[task.Stored.Key.Id] = task;
            _queues.Add(task);
        }
        catch (Exception e)
        {
            Parked(task, e);
        }
    }

    private void Parked(ScheduledTask task, Exception e)
    {
        TaskLog.Parked(_log, e, task.Stored.Key.Id, task.Stored.Type);
        task.IsParked = true;
        _out[task.Stored.Key.Id] = task;
    }

    /// <summary>Round hours are spread where the type's policy says so; a retry has waited already.</summary>
    private TimeSpan SpreadOf(TimedTask task) =>
        task.Attempts == 0 && _policies.Of(task.Type).SpreadWindow is { Ticks: > 0 } window
            ? TaskSpread.Of(task.Key.Id, window)
            : TimeSpan.Zero;

    private void Run()
    {
        while (!_stopped)
        {
            var (now, until) = FireDue();
            if (until > now)
                _sleep.Sleep(until, until - now);
        }
    }

    /// <summary>Hands on what is due; gives the time, and until when there is nothing to do.</summary>
    private (DateTimeOffset Now, DateTimeOffset Until) FireDue()
    {
        try
        {
            lock (_gate)
            {
                _wheel.PopDue(_clock.GetUtcNow(), _due, FiresAtOnce);
                foreach (var due in _due)
                    Fire(due.Item);
                _due.Clear();
                var now = _clock.GetUtcNow();
                _sleepsUntil = _wheel.NextDue() ?? DateTimeOffset.MaxValue;
                return (now, _sleepsUntil - now < SleepMax ? _sleepsUntil : now + SleepMax);
            }
        }
        catch (Exception e)
        {
            TaskLog.WakingFailed(_log, e);
            var now = _clock.GetUtcNow();
            return (now, now + PauseAfterFault);
        }
    }

    private void Fire(ScheduledTask task)
    {
        if (_epochs[task.Stored.Key.Shard.Index] != 0)
            Queue(task);
    }
}
