namespace GroupBuyActors.Store.Committing;

/// <summary>
/// Measures how long a database has refused everything: from its first refusal until it accepts a transaction.
/// </summary>
internal sealed class RefusalTimer(TimeProvider time, TimeSpan bound)
{
    private long? _since;

    /// <summary>Called at each refusal: true if the first consecutive one is longer ago than the bound.</summary>
    public bool IsOver() => time.GetElapsedTime(_since ??= time.GetTimestamp()) >= bound;

    /// <summary>Called when the database has accepted a transaction.</summary>
    public void Reset() => _since = null;
}
