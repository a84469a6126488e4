namespace GroupBuyActors.Relay;

/// <summary>
/// How the events of one kind of actors leave the journal; each kind whose events may leave it registers one. Events of
/// a kind that has none on a silo are passed over by everything that goes through <see cref="EventRelay"/> there: a
/// kind is published only once all silos of the cluster know it.
/// </summary>
internal interface IActorEvents
{
    /// <summary>The kind, such as <c>groups</c>.</summary>
    string Kind { get; }

    /// <summary>
    /// Whether publishers that name no kinds take it; else only projections that name it are given its events.
    /// </summary>
    bool IsPublished { get; }

    /// <summary>
    /// An event's data as others may read it, UTF-8 JSON without secrets; null where the row cannot be read. Then the
    /// actor is parked.
    /// </summary>
    ReadOnlyMemory<byte>? Data(string type, int version, ReadOnlyMemory<byte> payload);
}
