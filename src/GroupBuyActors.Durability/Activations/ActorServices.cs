using GroupBuyActors.Committing;
using GroupBuyActors.Reading;

namespace GroupBuyActors.Activations;

/// <summary>
/// What an actor asks of the runtime that keeps its activation: all of it, so that the kernel works on any.
/// </summary>
internal interface IActorHost
{
    /// <summary>Ends the activation once the calls that are under way are answered.</summary>
    void Deactivate();
}

/// <summary>Whether actors of this silo may answer.</summary>
internal interface IActorGate
{
    /// <summary>Null while they may; else one sentence why not.</summary>
    string? RefusesBecause { get; }

    /// <summary>Cancelled when the silo begins to stop: whoever waits for events leaves.</summary>
    CancellationToken Draining { get; }
}

/// <summary>How long actors wait, and when they write snapshots.</summary>
internal sealed record ActorBounds
{
    /// <summary>
    /// An actor that heard nothing from the store for this long reads its head before it answers: bounds how stale a
    /// second activation can be.
    /// </summary>
    public TimeSpan IdleHead { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest that one read of the store may take.</summary>
    public TimeSpan Read { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a deactivating actor waits for its pending commits.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a wait for events lasts at most.</summary>
    public TimeSpan LongPoll { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Events after the last snapshot from which another is due, at least.</summary>
    public int SnapshotTailMin { get; init; } = 200;

    /// <summary>An actor that goes to sleep with a longer tail than this leaves a snapshot behind.</summary>
    public int SnapshotTailAsleep { get; init; } = 50;
}

/// <summary>What every actor of a silo shares, of whatever kind: built once, so that an activation is cheap.</summary>
internal sealed class ActorServices
{
    /// <summary>Makes commits durable.</summary>
    public required ICommitter Committer { get; init; }

    /// <summary>Reads journals and snapshots.</summary>
    public required IActorReader Reader { get; init; }

    /// <summary>Whether this silo may answer.</summary>
    public required IActorGate Gate { get; init; }

    /// <summary>The cluster's clock: what decisions take for now.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>The machine's clock: for bounds and waiting.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Names commits.</summary>
    public required Func<Guid> NextCommitId { get; init; }

    /// <summary>See <see cref="ActorBounds"/>.</summary>
    public ActorBounds Bounds { get; init; } = new();
}
