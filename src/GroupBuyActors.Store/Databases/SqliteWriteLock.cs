namespace GroupBuyActors.Store.Databases;

/// <summary>
/// The threads of this process that write a SQLite file take turns, first come first served. The file's own lock is not
/// fair: who meets it sleeps and looks again, and may find it taken for as long as another writes without pause.
/// </summary>
internal sealed class SqliteTurns
{
    private readonly object _gate = new();
    private long _nextTicket;
    private long _served;

    /// <summary>
    /// Waits for its turn. One that waits for a disk behind it holds the turn for as long as the transaction takes.
    /// </summary>
    public void Enter()
    {
        lock (_gate)
        {
            var ticket = _nextTicket++;
            while (_served != ticket)
                Monitor.Wait(_gate);
        }
    }

    /// <summary>Passes the turn on.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            _served++;
            Monitor.PulseAll(_gate);
        }
    }
}
