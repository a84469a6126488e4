namespace GroupBuyActors.Sandbox.Books;

/// <summary>A call as it is counted.</summary>
internal readonly record struct CountedCall(SandboxPort Port, string Key, string Operation, long AtMs)
    : IComparable<CountedCall>
{
    /// <summary>By the rows' key, so that two silos lock rows in one order.</summary>
    public int CompareTo(CountedCall other)
    {
        if (Port != other.Port)
            return Port.CompareTo(other.Port);
        var keys = string.CompareOrdinal(Key, other.Key);
        return keys != 0 ? keys : string.CompareOrdinal(Operation, other.Operation);
    }
}
