using GroupBuyActors.Hosting;

namespace GroupBuyActors.Tasks;

/// <summary>
/// The tasks that this silo has in memory, each once: waiting in the wheel, or taken out of it to run
/// (<see cref="RunningTasks"/>). Bounded by <see cref="MemoryWindow"/>. A part of <see cref="LocalTaskScheduler"/>,
/// used only under its lock.
/// </summary>
internal sealed class TaskMemory(ClusterClock clock, GrainsOptions options)
{
    private readonly TaskWheel<ScheduledTask> _wheel = new(clock.GetUtcNow());

    public RunningTasks Running { get; } = new();

    public MemoryWindow Window { get; } = new(options);

    public int Count => _wheel.Count + Running.Count;

    public bool WantsMore => Window.WantsMore(Count, clock.GetUtcNow());

    /// <summary>When the first waiting task is due; null if none waits.</summary>
    public DateTimeOffset? NextDue() => _wheel.NextDue();

    public bool Contains(string id) => Running.Contains(id) || _wheel.TryGet(id, out _, out _);

    public (TaskLocation Where, ScheduledTask? Task) Find(string id) =>
        _wheel.TryGet(id, out _, out var waiting) ? (TaskLocation.Wheel, waiting) : Running.Find(id);

    /// <summary>Adds a task to the wheel; false if its id is already there.</summary>
    public bool TryWait(ScheduledTask task, DateTimeOffset firesAt)
    {
        var id = task.Stored.Key.Id;
        // An earlier version may be left from before another silo owned the shard, which has tried or moved the task
        // since.
        if (_wheel.TryGet(id, out _, out var former) && former.Stored.Version < task.Stored.Version)
            _wheel.Cancel(id, out _);
        task.FiresAt = firesAt;
        return _wheel.Add(id, firesAt, task);
    }

    /// <summary>Takes due tasks out of the wheel, at most <paramref name="max"/>.</summary>
    public void PopDue(List<DueEntry<ScheduledTask>> due, int max) => _wheel.PopDue(clock.GetUtcNow(), due, max);

    /// <summary>Removes a task that a commit removed; a reading in progress does not add it again.</summary>
    public void Abandon(string id)
    {
        Window.Forget(id);
        _wheel.Cancel(id, out _);
        Running.Abandon(id);
    }

    /// <summary>Removes a task unless its run has begun; false if it has.</summary>
    public bool TryTake(string id)
    {
        _wheel.Cancel(id, out _);
        return Running.TryTake(id);
    }

    /// <summary>
    /// True if a task whose next try is at this time belongs in memory. If there is no room for it, a reading before
    /// that time finds it.
    /// </summary>
    public bool HasCapacityFor(DateTimeOffset at)
    {
        if (!Window.Holds(at))
            return false;
        if (!Window.IsFull(Count))
            return true;
        if (Window.Shrink(_wheel.Count, clock.GetUtcNow()) is { } until)
            _wheel.CancelFrom(until);
        if (!Window.Holds(at))
            return false;
        if (!Window.IsFull(Count))
            return true;
        Window.LeaveOut(at);
        return false;
    }
}
