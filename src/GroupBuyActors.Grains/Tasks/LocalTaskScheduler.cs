using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Holds the tasks of this silo's shards that are due within the horizon, and fires each exactly when it is due.
/// <para>
/// One wheel for all shards, on a thread of its own (<see cref="WheelThread"/>): it sleeps until the next due time and
/// passes due tasks to <see cref="TaskDispatcher"/>. A task is here at most once (<see cref="TaskMemory"/>). All other
/// tasks are in the table and are read when the horizon reaches them, so nothing is lost if this memory is lost.
/// </para>
/// <para>
/// Memory is bounded. If it is full, the tasks that are due last are dropped from memory, so that those due first have
/// room; their rows are still in the table.
/// </para>
/// <para>
/// One task never stops the others: a task that cannot be added, queued or fired is logged and parked, and the thread
/// continues after any exception, because every timed task of the silo depends on it.
/// </para>
/// <para>
/// A task that was removed or moved may still fire from here. That is harmless, because the actor's state, or the row
/// of its run, decides.
/// </para>
/// </summary>
internal sealed class LocalTaskScheduler : IDisposable
{
    // Commits of this silo wait for the lock while due tasks are taken out of the wheel, so their number is limited.
    private const int FiresAtOnce = 1_000;
    private static readonly TimeSpan SleepMax = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PauseAfterFault = TimeSpan.FromMilliseconds(100);
    private readonly Lock _gate = new();
    private readonly ClusterClock _clock;
    private readonly OwnedShards _owned;
    private readonly TaskDispatcher _dispatcher;
    private readonly TaskPolicyRegistry _policies;
    private readonly GrainsOptions _options;
    private readonly ILogger _log;
    private readonly TaskMemory _memory;
    private readonly WheelThread _thread;
    private readonly List<DueEntry<ScheduledTask>> _due = [];
    private DateTimeOffset _sleepsUntil = DateTimeOffset.MinValue;

    public LocalTaskScheduler(
        ClusterClock clock,
        OwnedShards owned,
        TaskDispatcher dispatcher,
        TaskPolicyRegistry policies,
        IOptions<GrainsOptions> options,
        ILogger<LocalTaskScheduler> log
    )
    {
        (_clock, _owned, _dispatcher, _policies) = (clock, owned, dispatcher, policies);
        (_options, _log) = (options.Value, log);
        _memory = new TaskMemory(clock, _options);
        _thread = new WheelThread(clock, FireDue);
    }

    public int Count
    {
        get
        {
            lock (_gate)
                return _memory.Count;
        }
    }

    /// <inheritdoc cref="MemoryWindow.Span"/>
    public TimeSpan Window
    {
        get
        {
            lock (_gate)
                return _memory.Window.Span;
        }
    }

    /// <inheritdoc cref="MemoryWindow.HasOverflowed"/>
    public bool HasOverflowed
    {
        get
        {
            lock (_gate)
                return _memory.Window.HasOverflowed;
        }
    }

    /// <inheritdoc cref="MemoryWindow.WantsMore"/>
    public bool WantsMore
    {
        get
        {
            lock (_gate)
                return _memory.WantsMore;
        }
    }

    /// <inheritdoc cref="MemoryWindow.CanNarrow"/>
    public bool CanNarrow
    {
        get
        {
            lock (_gate)
                return _memory.Window.CanNarrow;
        }
    }

    /// <summary>True if a task is due and has not been taken out of the wheel yet.</summary>
    internal bool HasDue
    {
        get
        {
            lock (_gate)
                return _memory.NextDue() <= _clock.GetUtcNow();
        }
    }

    public void Start() => _thread.Start();

    /// <summary>Wakes the thread after the clock has jumped, because it sleeps until a time of before.</summary>
    public void WakeUp() => _thread.Wake();

    public void Stop() => _thread.Stop();

    public void Dispose() => _thread.Dispose();

    /// <summary>
    /// Adds a task that was just committed, if it is due within the horizon; false if its shard is not owned. If memory
    /// is full, it stays in the table: see <see cref="HasOverflowed"/>. For <paramref name="mayHaveBegun"/> see
    /// <see cref="ScheduledTask.MayHaveBegun"/>.
    /// </summary>
    public bool Add(TimedTask task, bool mayHaveBegun = false)
    {
        lock (_gate)
        {
            if (!_owned.Contains(task.Key.Shard))
                return false;
            AddIfNear(task, mayHaveBegun);
            return true;
        }
    }

    /// <summary>Adds a task that has no row: it is lost with this memory, and does not depend on the horizon.</summary>
    public void AddUnstored(TimedTask task)
    {
        lock (_gate)
            TryAdd(task, false);
    }

    public void Remove(string id)
    {
        lock (_gate)
            _memory.Abandon(id);
    }

    /// <summary>
    /// Takes a task out of memory before an operator removes or moves its row, so that it does not fire meanwhile.
    /// False if its run has begun: then it is too late. True if it is not in memory: a later reading of its row finds
    /// the commit.
    /// </summary>
    public bool TryTake(string id)
    {
        lock (_gate)
            return _memory.TryTake(id);
    }

    /// <summary>The location of a task, and the task if it is in memory.</summary>
    public (TaskLocation Where, ScheduledTask? Task) Find(string id)
    {
        lock (_gate)
            return _memory.Find(id);
    }

    /// <inheritdoc cref="RunningTasks.IsRunning"/>
    public bool IsRunning(string id)
    {
        lock (_gate)
            return _memory.Running.IsRunning(id);
    }

    /// <inheritdoc cref="RunningTasks.ParkedByType"/>
    public Dictionary<string, int> Parked()
    {
        lock (_gate)
            return _memory.Running.ParkedByType();
    }

    /// <inheritdoc cref="RunningTasks.CountByShard"/>
    public Dictionary<ShardId, int> Backlog()
    {
        lock (_gate)
            return _memory.Running.CountByShard();
    }

    /// <summary>Keeps a task that cannot be run in memory, so that it is not read and logged again.</summary>
    public void Park(ScheduledTask task)
    {
        lock (_gate)
            task.IsParked = true;
    }

    /// <summary>Drops a task that has ended with its run.</summary>
    public void Done(ScheduledTask task)
    {
        lock (_gate)
        {
            _memory.Window.Forget(task.Stored.Key.Id);
            _memory.Running.Remove(task);
            AddSuccessor(task);
        }
    }

    /// <summary>
    /// Runs a task again at <paramref name="at"/> after its run has ended, if it still belongs here.
    /// </summary>
    public void Again(ScheduledTask task, DateTimeOffset at)
    {
        lock (_gate)
        {
            _memory.Running.Remove(task);
            task.Rest();
            if (task.IsGone)
                AddSuccessor(task);
            if (task.IsGone || !_owned.Contains(task.Stored.Key.Shard))
                return;
            // The run that ended has stored what follows, and <paramref name="at"/> is its time.
            task.Successor = null;
            // Its row has the time of the next try: if memory is full, or its window ends before, a reading of the
            // table finds it.
            if (task.Stored.NextAt == at && !_memory.HasCapacityFor(at))
                return;
            if (_memory.TryWait(task, at))
                WakeBefore(at);
        }
    }

    /// <summary>
    /// Begins a reading of the table and returns the end of its window. What is scheduled from now on before that end
    /// is kept in memory, because the reading may miss it; what ends from now on must not be added again by it.
    /// </summary>
    public DateTimeOffset BeginReading()
    {
        lock (_gate)
            return _memory.Window.BeginReading(_clock.GetUtcNow());
    }

    /// <summary>
    /// Adds what a reading found; returns how many are new, and how many of these a dead silo left.
    /// </summary>
    /// <param name="found">The tasks that it found.</param>
    /// <param name="readTo">If the reading was limited, no task that was left out is due before this; null if none was
    /// left out.</param>
    public (int Added, int Recovered) EndReading(IReadOnlyList<TimedTask> found, DateTimeOffset? readTo = null)
    {
        var (added, recovered) = (0, 0);
        lock (_gate)
        {
            _memory.Window.Found(found.Count, readTo);
            var now = _clock.GetUtcNow();
            var late = now - _options.OverdueAfter;
            foreach (var task in found)
            {
                if (_memory.Window.IsForgotten(task.Key.Id))
                    continue;
                var isRecovered = task.NextAt < late;
                // Memory may have filled up meanwhile, so that the window ends earlier now.
                if (
                    !_memory.HasCapacityFor(task.NextAt) || !TryAdd(task, isRecovered, mayHaveBegun: task.NextAt <= now)
                )
                    continue;
                added++;
                if (isRecovered)
                    recovered++;
            }

            _memory.Window.EndReading();
        }

        return (added, recovered);
    }

    /// <summary>Ends a reading that failed; the next one starts from the beginning.</summary>
    public void GiveUpReading()
    {
        lock (_gate)
            _memory.Window.EndReading();
    }

    private void AddIfNear(TimedTask task, bool mayHaveBegun)
    {
        if (_memory.HasCapacityFor(task.NextAt) && !TryFireNow(task, mayHaveBegun))
            TryAdd(task, false, mayHaveBegun);
    }

    private void AddSuccessor(ScheduledTask ended)
    {
        if (ended.Successor is { } successor && _owned.Contains(successor.Key.Shard))
            AddIfNear(successor, mayHaveBegun: false);
    }

    private bool TryAdd(TimedTask task, bool isRecovered, bool mayHaveBegun = false)
    {
        if (!_owned.Contains(task.Key.Shard) || _memory.Running.IsFollowedBy(task))
            return false;
        var added = new ScheduledTask(task, isRecovered) { MayHaveBegun = mayHaveBegun, LoadedAt = _clock.GetUtcNow() };
        try
        {
            if (!_memory.TryWait(added, TaskBounds.Shift(task.NextAt, SpreadOf(task))))
                return false;
            WakeBefore(added.FiresAt);
        }
        catch (Exception e)
        {
            Park(added, e);
        }

        return true;
    }

    /// <summary>Queues a task that is due now, so that it does not wait for the wheel's thread.</summary>
    private bool TryFireNow(TimedTask task, bool mayHaveBegun)
    {
        var now = _clock.GetUtcNow();
        if (task.NextAt > now || !_thread.IsRunning || _memory.Contains(task.Key.Id))
            return false;
        var firesAt = TaskBounds.Shift(task.NextAt, SpreadOf(task));
        if (firesAt > now)
            return false;
        Queue(
            new ScheduledTask(task, isRecovered: false)
            {
                MayHaveBegun = mayHaveBegun,
                LoadedAt = now,
                FiresAt = firesAt,
            }
        );
        return true;
    }

    /// <summary>Passes on due tasks; returns the time, and until when there is nothing to do.</summary>
    private (DateTimeOffset Now, DateTimeOffset Until) FireDue()
    {
        try
        {
            lock (_gate)
            {
                _memory.PopDue(_due, FiresAtOnce);
                foreach (var due in _due)
                    if (_owned.Contains(due.Item.Stored.Key.Shard))
                        Queue(due.Item);
                _due.Clear();
                var now = _clock.GetUtcNow();
                _sleepsUntil = _memory.NextDue() ?? DateTimeOffset.MaxValue;
                return (now, _sleepsUntil - now < SleepMax ? _sleepsUntil : now + SleepMax);
            }
        }
        catch (Exception e)
        {
            TaskLog.FiringFailed(_log, e);
            var now = _clock.GetUtcNow();
            return (now, now + PauseAfterFault);
        }
    }

    private void Queue(ScheduledTask task)
    {
        try
        {
            _memory.Running.Add(task);
            _dispatcher.Add(task);
        }
        catch (Exception e)
        {
            Park(task, e);
        }
    }

    private void Park(ScheduledTask task, Exception e)
    {
        TaskLog.Parked(_log, e, task.Stored.Key.Id, task.Stored.Type);
        task.IsParked = true;
        _memory.Running.Add(task);
    }

    private void WakeBefore(DateTimeOffset at)
    {
        if (at < _sleepsUntil)
            _thread.Wake();
    }

    /// <summary>
    /// Tasks due together are spread if the policy says so; a retry is not, because its wait has a jitter.
    /// </summary>
    private TimeSpan SpreadOf(TimedTask task) =>
        task.Attempts == 0 && _policies.Of(task.Type).SpreadWindow is { Ticks: > 0 } window
            ? TaskSpread.Of(task.Key.Id, window)
            : TimeSpan.Zero;
}
