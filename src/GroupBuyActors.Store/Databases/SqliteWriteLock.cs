namespace GroupBuyActors.Store.Databases;

/// <summary>
/// A fair lock for the threads of this process that write a SQLite file: first come, first served. The file's own lock
/// is not fair: a session that finds it held sleeps and tries again, and may find it held for as long as another writes
/// without pause.
/// </summary>
internal sealed class SqliteWriteLock
{
    private readonly object _gate = new();
    private long _nextTicket;
    private long _served;

    /// <summary>Waits for the lock, which is then held for the whole transaction.</summary>
    public void Enter()
    {
        lock (_gate)
        {
            var ticket = _nextTicket++;
            while (_served != ticket)
                Monitor.Wait(_gate);
        }
    }

    /// <summary>Passes the lock to the next waiting thread.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            _served++;
            Monitor.PulseAll(_gate);
        }
    }
}
