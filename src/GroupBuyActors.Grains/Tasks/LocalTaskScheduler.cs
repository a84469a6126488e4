using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>
/// The tasks of this silo's shards that are due within the horizon, woken exactly when they are due.
/// <para>
/// One wheel for all shards, on a thread of its own (<see cref="WheelThread"/>): it sleeps until the next due time and
/// hands what is due to <see cref="TaskDispatcher"/>. A task is here at most once (<see cref="TaskMemory"/>). What is
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
/// construction, for the actor's state, or the row of its run, decides.
/// </para>
/// </summary>
internal sealed class LocalTaskScheduler : IDisposable
{
    // Commits of this silo wait for the lock while due tasks are taken out, so not all of a flood are taken at once.
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

    /// <summary>Tasks in memory.</summary>
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

    /// <summary>True where something is due and has not been taken out of the wheel yet.</summary>
    internal bool HasDue
    {
        get
        {
            lock (_gate)
                return _memory.NextDue() <= _clock.GetUtcNow();
        }
    }

    /// <summary>Begins to wake tasks.</summary>
    public void Start() => _thread.Start();

    /// <summary>Looks at the clock again: it has jumped, and the thread sleeps until a time of before.</summary>
    public void WakeUp() => _thread.Wake();

    /// <summary>Wakes no more tasks.</summary>
    public void Stop() => _thread.Stop();

    public void Dispose() => _thread.Dispose();

    /// <summary>
    /// Adds a task just committed, where it is near and its shard is owned; false where the shard is not. Where memory
    /// is full it stays in the table: see <see cref="HasOverflowed"/>. <paramref name="mayHaveBegun"/>: see
    /// <see cref="ScheduledTask.MayHaveBegun"/>.
    /// </summary>
    public bool Add(TimedTask task, bool mayHaveBegun = false)
    {
        lock (_gate)
        {
            if (!_owned.Contains(task.Key.Shard))
                return false;
            TakeIn(task, mayHaveBegun);
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
            _memory.Abandon(id);
    }

    /// <summary>
    /// Takes a task out of memory before its row is removed or moved by hand, so that it does not fire meanwhile. False
    /// where its run has begun: then it is too late. One that is not in memory is true: whoever reads it now meets the
    /// commit.
    /// </summary>
    public bool TryTake(string id)
    {
        lock (_gate)
            return _memory.TryTake(id);
    }

    /// <summary>Where a task is, and what memory knows of it.</summary>
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

    /// <summary>Keeps a task that nobody can run, so that it is neither read nor told again.</summary>
    public void Park(ScheduledTask task)
    {
        lock (_gate)
            task.IsParked = true;
    }

    /// <summary>A run has ended and the task with it.</summary>
    public void Done(ScheduledTask task)
    {
        lock (_gate)
        {
            _memory.Window.Forget(task.Stored.Key.Id);
            _memory.Running.Remove(task);
            TakeInSuccessor(task);
        }
    }

    /// <summary>
    /// A run has ended and the task runs again at <paramref name="at"/>, where it is still wanted here.
    /// </summary>
    public void Again(ScheduledTask task, DateTimeOffset at)
    {
        lock (_gate)
        {
            _memory.Running.Remove(task);
            task.Rest();
            if (task.IsGone)
                TakeInSuccessor(task);
            if (task.IsGone || !_owned.Contains(task.Stored.Key.Shard))
                return;
            // The run that ended stored what follows, and says here when that is.
            task.Successor = null;
            // Its row says when it is next: where memory is full, or ends before that, it is found there.
            if (task.Stored.NextAt == at && !_memory.HasCapacityFor(at))
                return;
            if (_memory.TryWait(task, at))
                WakeBefore(at);
        }
    }

    /// <summary>
    /// A reading of the table begins: what is scheduled from now on before the end of its window is kept in memory, for
    /// the reading may have missed it; what is done from now on must not come back with it.
    /// </summary>
    public DateTimeOffset BeginReading()
    {
        lock (_gate)
            return _memory.Window.BeginReading(_clock.GetUtcNow());
    }

    /// <summary>Takes in what a reading found; gives how many are new and how many of these are overdue.</summary>
    /// <param name="found">What it found.</param>
    /// <param name="readTo">Where it was cut: nothing that was left out is due before this. Null: nothing was left
    /// out.</param>
    public (int Added, int Overdue) EndReading(IReadOnlyList<TimedTask> found, DateTimeOffset? readTo = null)
    {
        var (added, overdue) = (0, 0);
        lock (_gate)
        {
            _memory.Window.Found(found.Count, readTo);
            var now = _clock.GetUtcNow();
            var late = now - _options.OverdueAfter;
            foreach (var task in found)
            {
                if (_memory.Window.IsForgotten(task.Key.Id))
                    continue;
                var isOverdue = task.NextAt < late;
                // Memory filled up meanwhile, and the window ends earlier now.
                if (!_memory.HasCapacityFor(task.NextAt) || !TryAdd(task, isOverdue, mayHaveBegun: task.NextAt <= now))
                    continue;
                added++;
                if (isOverdue)
                    overdue++;
            }

            _memory.Window.EndReading();
        }

        return (added, overdue);
    }

    /// <summary>A reading failed; the next one begins anew.</summary>
    public void GiveUpReading()
    {
        lock (_gate)
            _memory.Window.EndReading();
    }

    private void TakeIn(TimedTask task, bool mayHaveBegun)
    {
        if (_memory.HasCapacityFor(task.NextAt) && !TryFireNow(task, mayHaveBegun))
            TryAdd(task, false, mayHaveBegun);
    }

    private void TakeInSuccessor(ScheduledTask ended)
    {
        if (ended.Successor is { } successor && _owned.Contains(successor.Key.Shard))
            TakeIn(successor, mayHaveBegun: false);
    }

    private bool TryAdd(TimedTask task, bool isOverdue, bool mayHaveBegun = false)
    {
        if (!_owned.Contains(task.Key.Shard) || _memory.Running.IsFollowedBy(task))
            return false;
        var added = new ScheduledTask(task, isOverdue) { MayHaveBegun = mayHaveBegun, LoadedAt = _clock.GetUtcNow() };
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

    /// <summary>
    /// What a commit schedules for now need not wait for the wheel's thread to wake: it stands in line at once.
    /// </summary>
    private bool TryFireNow(TimedTask task, bool mayHaveBegun)
    {
        var now = _clock.GetUtcNow();
        if (task.NextAt > now || !_thread.IsRunning || _memory.Contains(task.Key.Id))
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

    /// <summary>Hands on what is due; gives the time, and until when there is nothing to do.</summary>
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
            TaskLog.WakingFailed(_log, e);
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

    /// <summary>Round hours are spread where the type's policy says so; a retry has waited already.</summary>
    private TimeSpan SpreadOf(TimedTask task) =>
        task.Attempts == 0 && _policies.Of(task.Type).SpreadWindow is { Ticks: > 0 } window
            ? TaskSpread.Of(task.Key.Id, window)
            : TimeSpan.Zero;
}
