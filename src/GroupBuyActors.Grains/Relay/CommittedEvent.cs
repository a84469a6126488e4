namespace GroupBuyActors.Relay;

/// <summary>An event of any actor, as a commit or the journal has it.</summary>
internal sealed record CommittedEvent(
    ActorId Actor,
    long Sequence,
    string Type,
    int Version,
    DateTimeOffset Time,
    ReadOnlyMemory<byte> Payload,
    string? Trace
);
