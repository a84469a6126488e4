namespace GroupBuyActors.Store.Committing;

/// <summary>
/// How long a lane waits for a database that takes nothing: counted from its first refusal, ended by a transaction that
/// it takes.
/// </summary>
internal sealed class RefusalPatience(TimeProvider time, TimeSpan bound)
{
    private long? _since;

    /// <summary>Called at a refusal: true where the first of them in a row is longer ago than the bound.</summary>
    public bool IsOver() => time.GetElapsedTime(_since ??= time.GetTimestamp()) >= bound;

    /// <summary>The database took a transaction.</summary>
    public void Reset() => _since = null;
}
