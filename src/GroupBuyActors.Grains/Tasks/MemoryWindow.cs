using GroupBuyActors.Hosting;

namespace GroupBuyActors.Tasks;

/// <summary>
/// How far this silo's memory reaches: until when it holds every task of its shards, and what readings of the table
/// left out. A part of <see cref="TaskMemory"/>.
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

    /// <summary>How far the next reading reaches: less than the horizon where tasks are dense.</summary>
    public TimeSpan Span => _window.Span;

    /// <summary>
    /// True where something near was left in the table since the last reading began, for memory was full: the next must
    /// not wait for its time.
    /// </summary>
    public bool HasOverflowed { get; private set; }

    /// <summary>True where a reading was cut and a shorter one would find more of what is due first.</summary>
    public bool CanNarrow => _readTo is not null && _readAt + _window.Span < _readUntil;

    /// <summary>True for a time before which memory holds every task.</summary>
    public bool Holds(DateTimeOffset at) => at < _until;

    /// <summary>
    /// What is due and waits for a slot counts, too: a herd that is due at once must not outgrow memory either.
    /// </summary>
    public bool IsFull(int tasks) => tasks >= 2 * options.HorizonTasksMax;

    /// <summary>A reading begins; gives how far it reaches.</summary>
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

    /// <summary>A task has ended: a reading that is under way does not bring it back.</summary>
    public void Forget(string id) => _removedWhileReading?.Add(id);

    /// <summary>True for one that has ended since the reading began.</summary>
    public bool IsForgotten(string id) => _removedWhileReading?.Contains(id) == true;

    /// <summary>What a reading found is taken in, or it failed.</summary>
    public void EndReading() => _removedWhileReading = null;

    /// <summary>A reading found so many; <paramref name="readTo"/> is where it was cut, or null.</summary>
    public void Found(int found, DateTimeOffset? readTo)
    {
        _window.Record(found, isComplete: readTo is null);
        _readTo = readTo;
    }

    /// <summary>
    /// True where there is room for another stretch, where this one is about to end, or where the time has come to
    /// which every shard was read: the densest shard ends first, and it must not wait for the others.
    /// </summary>
    public bool WantsMore(int tasks, DateTimeOffset now)
    {
        if (tasks < options.HorizonTasksMax / 2 || now + _window.Span / 2 >= _readUntil)
            return true;
        // What was past due already when it was read waits for slots, not for another reading.
        return _readTo is { } end && end > _readAt && now + Ahead >= end;
    }

    /// <summary>
    /// Memory is full: the window ends earlier. Gives its new end, or null where it is the shortest already; then what
    /// is new stays out.
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

    /// <summary>A task of that time has no room: a reading before then finds it.</summary>
    public void LeaveOut(DateTimeOffset at)
    {
        if (_readTo is null || at < _readTo)
            _readTo = at;
    }
}
