namespace GroupBuyActors.Groups;

/// <summary>How many groups are active on this silo.</summary>
internal sealed class ActiveGroups
{
    private int _count;
    private long _activations;

    /// <summary>Active now.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Activations that began since the silo did.</summary>
    public long Activations => Volatile.Read(ref _activations);

    public void Activated()
    {
        Interlocked.Increment(ref _count);
        Interlocked.Increment(ref _activations);
    }

    public void Deactivated() => Interlocked.Decrement(ref _count);
}
