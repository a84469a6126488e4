namespace GroupBuyActors.Tasks;

/// <summary>How far memory reaches, and what readings of the table bring into it.</summary>
internal sealed partial class LocalTaskScheduler
{
    /// <summary>
    /// A reading of the table begins: what is scheduled from now on before the end of its window is kept in memory, for
    /// the reading may have missed it; what is done from now on must not come back with it.
    /// </summary>
    public DateTimeOffset BeginReading()
    {
        lock (_gate)
        {
            _removedWhileReading = new HashSet<string>(StringComparer.Ordinal);
            _overflowed = false;
            _readAt = _clock.GetUtcNow();
            _readUntil = _readAt + _window.Span;
            if (_readUntil > _until)
                _until = _readUntil;
            return _readUntil;
        }
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
            _window.Found(found.Count, isComplete: readTo is null);
            _readTo = readTo;
            var now = _clock.GetUtcNow();
            var late = now - _options.OverdueAfter;
            foreach (var task in found)
            {
                if (_removedWhileReading!.Contains(task.Key.Id))
                    continue;
                var isOverdue = task.NextAt < late;
                // Memory filled up meanwhile, and the window ends earlier now.
                if (!HasCapacityFor(task.NextAt) || !TryAdd(task, isOverdue, mayHaveBegun: task.NextAt <= now))
                    continue;
                added++;
                if (isOverdue)
                    overdue++;
            }

            _removedWhileReading = null;
        }

        return (added, overdue);
    }

    /// <summary>A reading failed; the next one begins anew.</summary>
    public void GiveUpReading()
    {
        lock (_gate)
            _removedWhileReading = null;
    }

    /// <summary>
    /// True where there is room for another stretch, where this one is about to end, or where the time has come to
    /// which every shard was read: the densest shard ends first, and it must not wait for the others.
    /// </summary>
    public bool WantsMore
    {
        get
        {
            lock (_gate)
            {
                var now = _clock.GetUtcNow();
                if (_wheel.Count + _out.Count < _options.HorizonTasksMax / 2 || now + _window.Span / 2 >= _readUntil)
                    return true;
                // What was past due already when it was read waits for places, not for another reading.
                return _readTo is { } end && end > _readAt && now + Ahead >= end;
            }
        }
    }

    /// <summary>True where a reading was cut and a shorter one would find more of what is due first.</summary>
    public bool CanNarrow
    {
        get
        {
            lock (_gate)
                return _readTo is not null && _readAt + _window.Span < _readUntil;
        }
    }

    /// <summary>How far the next reading reaches: less than the horizon where tasks are dense.</summary>
    public TimeSpan Window
    {
        get
        {
            lock (_gate)
                return _window.Span;
        }
    }

    /// <summary>
    /// True where something near was left in the table since the last reading began, for memory was full: the next must
    /// not wait for its time.
    /// </summary>
    public bool HasOverflowed
    {
        get
        {
            lock (_gate)
                return _overflowed;
        }
    }

    /// <summary>
    /// True where a task that is next then belongs in memory; one that has no room there is left to a reading before
    /// its time.
    /// </summary>
    private bool HasCapacityFor(DateTimeOffset at)
    {
        if (at >= _until)
            return false;
        if (!IsFull)
            return true;
        EvictLatest();
        if (at >= _until)
            return false;
        if (!IsFull)
            return true;
        if (_readTo is null || at < _readTo)
            _readTo = at;
        return false;
    }

    /// <summary>
    /// The window ends earlier: what lies beyond it goes. Where it is the shortest already, nothing does, and what is
    /// new stays out.
    /// </summary>
    private void EvictLatest()
    {
        _overflowed = true;
        _window.Found(_wheel.Count, isComplete: false);
        var until = _clock.GetUtcNow() + _window.Span;
        if (until >= _until)
            return;
        _until = until;
        if (until < _readUntil)
            _readUntil = until;
        _wheel.CancelFrom(until);
    }
}
