namespace GroupBuyActors.Reading;

/// <summary>A stored row of the journal. <see cref="Actor"/> is null for a commit without events.</summary>
internal sealed record JournalRow
{
    public required long Stream { get; init; }

    public required long Position { get; init; }

    /// <summary>The commit that wrote it.</summary>
    public required Guid CommitId { get; init; }

    /// <summary>The actor; null for a commit without events.</summary>
    public ActorId? Actor { get; init; }

    /// <summary>The actor's sequence, 0 without an actor.</summary>
    public long Sequence { get; init; }

    /// <summary>The event's type, empty without an actor.</summary>
    public string Type { get; init; } = "";

    /// <summary>The version of the payload's format.</summary>
    public int Version { get; init; }

    /// <summary>The actor's time of the event.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>The event's data, in the format of the actor's kind.</summary>
    public byte[] Payload { get; init; } = [];

    /// <summary>W3C traceparent or null.</summary>
    public string? Trace { get; init; }
}

/// <summary>What an activation starts from: the newest intact snapshot and the events after it.</summary>
/// <param name="SnapshotSequence">0 if there is none.</param>
/// <param name="Snapshot">Null if there is none.</param>
/// <param name="Tail">In order of sequence.</param>
internal sealed record StoredActor(long SnapshotSequence, byte[]? Snapshot, IReadOnlyList<JournalRow> Tail);

/// <summary>Reads single actors.</summary>
internal interface IActorReader
{
    /// <summary>
    /// Reads snapshot and tail in one round trip. A snapshot whose length or hash does not match its header is ignored
    /// in favour of an older one, or none.
    /// </summary>
    Task<StoredActor> LoadAsync(ActorId actor, CancellationToken cancellation);

    /// <summary>The actor's highest sequence, 0 for none.</summary>
    Task<long> HeadAsync(ActorId actor, CancellationToken cancellation);

    /// <summary>Reads events after a sequence, oldest first.</summary>
    Task<IReadOnlyList<JournalRow>> HistoryAsync(ActorId actor, long after, int limit, CancellationToken cancellation);

    /// <summary>Stores a snapshot in chunks, its header last, and removes all but the newest two.</summary>
    Task WriteSnapshotAsync(
        ActorId actor,
        long sequence,
        ReadOnlyMemory<byte> snapshot,
        CancellationToken cancellation
    );
}
