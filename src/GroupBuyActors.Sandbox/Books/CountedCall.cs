namespace GroupBuyActors.Sandbox.Books;

/// <summary>A call to be counted.</summary>
internal readonly record struct CountedCall(SandboxPort Port, string Key, string Operation, long AtMs)
    : IComparable<CountedCall>
{
    /// <summary>Orders by the rows' key, so that all silos lock rows in the same order.</summary>
    public int CompareTo(CountedCall other)
    {
        if (Port != other.Port)
            return Port.CompareTo(other.Port);
        var keys = string.CompareOrdinal(Key, other.Key);
        return keys != 0 ? keys : string.CompareOrdinal(Operation, other.Operation);
    }
}
