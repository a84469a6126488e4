using GroupBuyActors.Hosting;

namespace GroupBuyActors.Tasks;

/// <summary>
/// The tasks that this silo has in memory, each in one place: waiting in the wheel, or taken out of it to run
/// (<see cref="RunningTasks"/>). Bounded by <see cref="MemoryWindow"/>. A part of <see cref="LocalTaskScheduler"/>,
/// used under its lock only.
/// </summary>
internal sealed class TaskMemory(ClusterClock clock, GrainsOptions options)
{
    private readonly TaskWheel<ScheduledTask> _wheel = new(clock.GetUtcNow());

    public RunningTasks Running { get; } = new();

    public MemoryWindow Window { get; } = new(options);

    public int Count => _wheel.Count + Running.Count;

    public bool WantsMore => Window.WantsMore(Count, clock.GetUtcNow());

    /// <summary>When the first of those that wait is due; null where none waits.</summary>
    public DateTimeOffset? NextDue() => _wheel.NextDue();

    public bool Contains(string id) => Running.Contains(id) || _wheel.TryGet(id, out _, out _);

    public (TaskLocation Where, ScheduledTask? Task) Find(string id) =>
        _wheel.TryGet(id, out _, out var waiting) ? (TaskLocation.Wheel, waiting) : Running.Find(id);

    /// <summary>Lets a task wait until it fires; false where it is here already.</summary>
    public bool TryWait(ScheduledTask task, DateTimeOffset firesAt)
    {
        var id = task.Stored.Key.Id;
        // Left from before the shard was another's, which has tried or moved it since.
        if (_wheel.TryGet(id, out _, out var former) && former.Stored.Version < task.Stored.Version)
            _wheel.Cancel(id, out _);
        task.FiresAt = firesAt;
        return _wheel.Add(id, firesAt, task);
    }

    /// <summary>Takes out what is due, at most so many.</summary>
    public void PopDue(List<DueEntry<ScheduledTask>> due, int max) => _wheel.PopDue(clock.GetUtcNow(), due, max);

    /// <summary>Takes out a task that a commit removed; a reading that is under way does not bring it back.</summary>
    public void Abandon(string id)
    {
        Window.Forget(id);
        _wheel.Cancel(id, out _);
        Running.Abandon(id);
    }

    /// <summary>Takes a task out unless its run has begun; false where it has.</summary>
    public bool TryTake(string id)
    {
        _wheel.Cancel(id, out _);
        return Running.TryTake(id);
    }

    /// <summary>
    /// True where a task that is next then belongs in memory; one that has no room there is left to a reading before
    /// its time.
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
