using GroupBuyActors.Committing;
using GroupBuyActors.Reading;

namespace GroupBuyActors.Activations;

/// <summary>
/// Everything that an actor needs from the actor runtime, so that this project depends on none.
/// </summary>
internal interface IActorHost
{
    /// <summary>Deactivates the actor after the calls in progress are answered.</summary>
    void Deactivate();
}

/// <summary>Whether actors of this silo may answer.</summary>
internal interface IActorGate
{
    /// <summary>
    /// Null while actors of a shard may answer, otherwise one sentence with the reason why they may not.
    /// </summary>
    string? RefusalReasonFor(ShardId shard);

    /// <summary>Cancelled when the silo begins to stop; ends all waits for events.</summary>
    CancellationToken Draining { get; }
}

/// <summary>How long actors wait, and when they write snapshots.</summary>
internal sealed record ActorBounds
{
    /// <summary>
    /// An actor without a confirmed commit or head for this long reads its head before it answers. This bounds how
    /// stale a second activation can be.
    /// </summary>
    public TimeSpan IdleHead { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time limit of one read of the store.</summary>
    public TimeSpan Read { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an actor that is deactivated waits for its pending commits.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time limit of one wait for events.</summary>
    public TimeSpan LongPoll { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The number of events after the last snapshot that must at least be exceeded before another is written.
    /// </summary>
    public int SnapshotTailMin { get; init; } = 200;

    /// <summary>
    /// A state of at most this size is sent along when its actor moves to another silo. A larger one is loaded from the
    /// database there: calls between two silos share connections, and would wait behind it.
    /// </summary>
    public int ShipBytesMax { get; init; } = 1 << 20;

    /// <summary>An actor that is deactivated with a longer tail than this writes a snapshot.</summary>
    public int SnapshotTailOnDeactivation { get; init; } = 50;
}

/// <summary>What all actors of a silo share, whatever their kind. Built once, so that an activation is cheap.</summary>
internal sealed record ActorServices
{
    public required ICommitter Committer { get; init; }

    public required IActorReader Reader { get; init; }

    public required IActorGate Gate { get; init; }

    /// <summary>The cluster's clock: the time of decisions.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>The machine's clock: for time limits and waits.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Creates the ids of commits.</summary>
    public required Func<Guid> NextCommitId { get; init; }

    public ActorBounds Bounds { get; init; } = new();
}
