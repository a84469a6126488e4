namespace GroupBuyActors.Silo.Connections;

/// <summary>One connection's place among those that there may be. Found on each request as a feature.</summary>
internal sealed class ConnectionSlot(ConnectionSlots slots, bool isSpare, long since, Action end)
{
    /// <summary>
    /// True where all places were taken: the connection is there only to be told so, and to ask for health. It ends
    /// with its first answer.
    /// </summary>
    public bool IsSpare => isSpare;

    /// <summary>When it was accepted, on the monotonic clock.</summary>
    public long Since => since;

    /// <summary>
    /// Its place in the line of those that have sent no request yet; null once one came. Kept by
    /// <see cref="ConnectionSlots"/>.
    /// </summary>
    internal LinkedListNode<ConnectionSlot>? Silent { get; set; }

    /// <summary>A request came: from here on the server's own limits hold.</summary>
    public void Heard()
    {
        if (Silent is not null)
            slots.Heard(this);
    }

    /// <summary>Ends the connection.</summary>
    internal void End() => end();
}
