namespace GroupBuyActors.Tasks;

/// <summary>
/// Tasks that are due and have not ended: they wait for a slot, run, or are parked. A part of
/// <see cref="TaskMemory"/>, so that a task is in the wheel or here and never in both.
/// </summary>
internal sealed class RunningTasks
{
    private readonly Dictionary<string, ScheduledTask> _tasks = new(StringComparer.Ordinal);

    public int Count => _tasks.Count;

    public bool Contains(string id) => _tasks.ContainsKey(id);

    /// <summary>True for a task that is being run, or about to be.</summary>
    public bool IsRunning(string id) => _tasks.TryGetValue(id, out var task) && !task.IsParked;

    /// <summary>
    /// True where a task of its id is here; what is stored under a later version is taken in once that one has ended.
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
    /// Takes out a task that a commit removed: one that waits for a slot leaves at once; one that runs is told by its
    /// end.
    /// </summary>
    public void Abandon(string id)
    {
        if (!_tasks.TryGetValue(id, out var task))
            return;
        task.IsGone = true;
        if (task.IsParked || task.TryDrop())
            _tasks.Remove(id);
    }

    /// <summary>Takes a task out unless its run has begun; false where it has.</summary>
    public bool TryTake(string id)
    {
        if (!_tasks.TryGetValue(id, out var task))
            return true;
        if (!task.IsParked && !task.TryDrop())
            return false;
        _tasks.Remove(id);
        return true;
    }

    /// <summary>Where a task is that is not in the wheel.</summary>
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

    /// <summary>Tasks parked, by type.</summary>
    public Dictionary<string, int> ParkedByType() =>
        _tasks
            .Values.Where(task => task.IsParked)
            .GroupBy(task => task.Stored.Type)
            .ToDictionary(type => type.Key, type => type.Count());

    /// <summary>Due tasks by shard.</summary>
    public Dictionary<ShardId, int> CountByShard() =>
        _tasks.Values.GroupBy(task => task.Stored.Key.Shard).ToDictionary(shard => shard.Key, shard => shard.Count());
}
