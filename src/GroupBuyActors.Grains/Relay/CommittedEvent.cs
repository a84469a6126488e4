namespace GroupBuyActors.Relay;

/// <summary>An event of an actor, from a commit or from the journal.</summary>
internal sealed record CommittedEvent(
    ActorId Actor,
    long Sequence,
    string Type,
    int Version,
    DateTimeOffset Time,
    ReadOnlyMemory<byte> Payload,
    string? Trace
);
