namespace GroupBuyActors.Silo.Connections;

/// <summary>The slot of an HTTP connection. Each request has it as a feature.</summary>
internal sealed class ConnectionSlot(ConnectionSlots slots, bool isSpare, long since, Action end)
{
    /// <summary>
    /// True if no regular slot was free: the connection only gets the answer 503, or the answer of a health check, and
    /// is closed after it.
    /// </summary>
    public bool IsSpare => isSpare;

    /// <summary>When the connection was accepted, as a timestamp of the TimeProvider.</summary>
    public long Since => since;

    /// <summary>
    /// Its node in the list of connections without a request; null after the first request. Set by
    /// <see cref="ConnectionSlots"/>.
    /// </summary>
    internal LinkedListNode<ConnectionSlot>? Silent { get; set; }

    /// <summary>Records the first request; after it the server's own limits apply.</summary>
    public void RequestReceived()
    {
        if (Silent is not null)
            slots.RequestReceived(this);
    }

    /// <summary>Ends the connection.</summary>
    internal void End() => end();
}
