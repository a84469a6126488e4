using GroupBuyActors.Hosting;

namespace GroupBuyActors.Tasks;

/// <summary>
/// How far this silo's memory reaches: until which time it holds every task of its shards, and what readings of the
/// table left out. A part of <see cref="TaskMemory"/>.
/// </summary>
internal sealed class MemoryWindow(GrainsOptions options)
{
    private static readonly TimeSpan Ahead = TimeSpan.FromSeconds(1);
    private readonly HorizonWindow _window = new(
        options.HorizonMin < options.Horizon ? options.HorizonMin : options.Horizon,
        options.Horizon,
        options.HorizonTasksMax
    );
    private DateTimeOffset _until = DateTimeOffset.MinValue;
    private DateTimeOffset _readAt;
    private DateTimeOffset _readUntil;
    private DateTimeOffset? _readTo;
    private HashSet<string>? _removedWhileReading;

    /// <summary>How far the next reading reaches: less than the horizon if there are many tasks.</summary>
    public TimeSpan Span => _window.Span;

    /// <summary>
    /// True if a task within the window was left in the table since the last reading began, because memory was full:
    /// then the next reading must not wait for its time.
    /// </summary>
    public bool HasOverflowed { get; private set; }

    /// <summary>
    /// True if a reading was limited and a shorter one would find more of the tasks that are due first.
    /// </summary>
    public bool CanNarrow => _readTo is not null && _readAt + _window.Span < _readUntil;

    /// <summary>True for a time before which memory holds every task.</summary>
    public bool Holds(DateTimeOffset at) => at < _until;

    /// <summary>
    /// True if memory is full. Due tasks that wait for a slot are counted, too, so that many tasks due at the same time
    /// do not exceed memory.
    /// </summary>
    public bool IsFull(int tasks) => tasks >= 2 * options.HorizonTasksMax;

    /// <summary>Begins a reading; returns the end of its window.</summary>
    public DateTimeOffset BeginReading(DateTimeOffset now)
    {
        _removedWhileReading = new HashSet<string>(StringComparer.Ordinal);
        HasOverflowed = false;
        _readAt = now;
        _readUntil = now + _window.Span;
        if (_readUntil > _until)
            _until = _readUntil;
        return _readUntil;
    }

    /// <summary>Records that a task has ended, so that a reading in progress does not add it again.</summary>
    public void Forget(string id) => _removedWhileReading?.Add(id);

    /// <summary>True for a task that has ended since the reading began.</summary>
    public bool IsForgotten(string id) => _removedWhileReading?.Contains(id) == true;

    /// <summary>Ends a reading, after its tasks were added or it failed.</summary>
    public void EndReading() => _removedWhileReading = null;

    /// <summary>
    /// Records how many tasks a reading found, and up to which time it is complete; null if it found all.
    /// </summary>
    public void Found(int found, DateTimeOffset? readTo)
    {
        _window.Record(found, isComplete: readTo is null);
        _readTo = readTo;
    }

    /// <summary>
    /// True if there is room for another stretch, if the present one is about to end, or if the time up to which every
    /// shard was read is near: the shard with the most tasks ends first and must not wait for the others.
    /// </summary>
    public bool WantsMore(int tasks, DateTimeOffset now)
    {
        if (tasks < options.HorizonTasksMax / 2 || now + _window.Span / 2 >= _readUntil)
            return true;
        // Tasks that were overdue when they were read wait for slots, not for another reading.
        return _readTo is { } end && end > _readAt && now + Ahead >= end;
    }

    /// <summary>
    /// Ends the window earlier because memory is full. Returns its new end; null if it is already the shortest, so that
    /// new tasks stay in the table.
    /// </summary>
    public DateTimeOffset? Shrink(int waiting, DateTimeOffset now)
    {
        HasOverflowed = true;
        _window.Record(waiting, isComplete: false);
        var until = now + _window.Span;
        if (until >= _until)
            return null;
        _until = until;
        if (until < _readUntil)
            _readUntil = until;
        return until;
    }

    /// <summary>
    /// Records that a task of this time was left in the table for lack of room: a reading before that time finds it.
    /// </summary>
    public void LeaveOut(DateTimeOffset at)
    {
        if (_readTo is null || at < _readTo)
            _readTo = at;
    }
}
