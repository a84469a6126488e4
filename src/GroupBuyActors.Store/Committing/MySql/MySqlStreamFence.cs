namespace GroupBuyActors.Store.Committing.MySql;

/// <summary>Whether a lane may commit to its stream.</summary>
internal enum FenceState
{
    Alive,

    /// <summary>Alive, but the last row that the lane committed is missing: the database lost commits.</summary>
    Truncated,
    Dead,
}

/// <summary>
/// Reads and sets the fences of streams, on a lane's connection. A method that returns false had no complete answer and
/// is called again.
/// </summary>
internal sealed class MySqlStreamFence(MySqlSession session)
{
    public bool TryRead(long stream, long lastPosition, out FenceState state)
    {
        state = FenceState.Dead;
        if (
            !session.TryRead(
                MySqlPacket.FenceState(stream, lastPosition),
                r => (Alive: r.GetInt64(0), Last: r.GetInt64(1)),
                out var rows
            )
        )
            return false;
        if (rows[0].Alive == 1)
            state = lastPosition > 0 && rows[0].Last == 0 ? FenceState.Truncated : FenceState.Alive;
        return true;
    }

    /// <summary>Waits for running transactions of the stream; every later one sees it.</summary>
    public bool TryFence(long stream) =>
        session.Send($"update stream set state=2 where id={stream} and state=1") == MySqlAnswer.Ok;

    /// <summary>
    /// Fences the streams of all silos, because their memory may hold what the database lost although their own last
    /// commits are there: they loaded it, or it moved to them. The lane's own is the last, so that a try that fails in
    /// between is repeated. By primary key, because a scan that locks would wait for the commits of every silo.
    /// </summary>
    public bool TryFenceAll(long own) =>
        session.TryRead("select id from stream where state=1", r => r.GetInt64(0), out var alive)
        && alive.OrderBy(stream => stream == own).All(TryFence);
}
