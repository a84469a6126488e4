namespace GroupBuyActors.Tasks;

/// <summary>
/// Tasks that are due and have not ended: they wait for a slot, run, or are parked. A part of <see cref="TaskMemory"/>,
/// so that a task is either in the wheel or here.
/// </summary>
internal sealed class RunningTasks
{
    private readonly Dictionary<string, ScheduledTask> _tasks = new(StringComparer.Ordinal);

    public int Count => _tasks.Count;

    public bool Contains(string id) => _tasks.ContainsKey(id);

    /// <summary>True for a task that is running or waits for a slot.</summary>
    public bool IsRunning(string id) => _tasks.TryGetValue(id, out var task) && !task.IsParked;

    /// <summary>
    /// True if a task with its id is here. A later version is added once the present run has ended.
    /// </summary>
    public bool IsFollowedBy(TimedTask task)
    {
        if (!_tasks.TryGetValue(task.Key.Id, out var running))
            return false;
        if (task.Version > running.Stored.Version)
            running.Successor = task;
        return true;
    }

    public void Add(ScheduledTask task) => _tasks[task.Stored.Key.Id] = task;

    public void Remove(ScheduledTask task) => _tasks.Remove(task.Stored.Key.Id);

    /// <summary>
    /// Removes a task that a commit removed: at once if it waits for a slot, at the end of its run if it runs.
    /// </summary>
    public void Abandon(string id)
    {
        if (!_tasks.TryGetValue(id, out var task))
            return;
        task.IsGone = true;
        if (task.IsParked || task.TryDrop())
            _tasks.Remove(id);
    }

    /// <summary>Removes a task unless its run has begun; false if it has.</summary>
    public bool TryTake(string id)
    {
        if (!_tasks.TryGetValue(id, out var task))
            return true;
        if (!task.IsParked && !task.TryDrop())
            return false;
        _tasks.Remove(id);
        return true;
    }

    /// <summary>The location of a task that is not in the wheel.</summary>
    public (TaskLocation Where, ScheduledTask? Task) Find(string id)
    {
        if (!_tasks.TryGetValue(id, out var task))
            return (TaskLocation.Table, null);
        return (
            task.IsParked ? TaskLocation.Parked
            : task.HasBegun ? TaskLocation.Running
            : TaskLocation.Queue,
            task
        );
    }

    /// <summary>The number of parked tasks, by type.</summary>
    public Dictionary<string, int> ParkedByType() =>
        _tasks
            .Values.Where(task => task.IsParked)
            .GroupBy(task => task.Stored.Type)
            .ToDictionary(type => type.Key, type => type.Count());

    /// <summary>The number of due tasks, by shard.</summary>
    public Dictionary<ShardId, int> CountByShard() =>
        _tasks.Values.GroupBy(task => task.Stored.Key.Shard).ToDictionary(shard => shard.Key, shard => shard.Count());
}
