using GroupBuyActors.Tasks;

namespace GroupBuyActors.Committing;

/// <summary>
/// One atomic write: everything in it becomes durable together or not at all. A commit of an actor has events; one
/// without events (a port task's retry or completion, a schedule's next firing) has a <see cref="Run"/>, so that it is
/// made only once.
/// </summary>
internal sealed class Commit
{
    /// <summary>Identifies the commit for ever; an unknown outcome is resolved by looking for it.</summary>
    public required Guid Id { get; init; }

    /// <summary>Determines the lane, so that a shard's commits keep one order.</summary>
    public required ShardId Shard { get; init; }

    /// <summary>The activation that decided it. Once it is poisoned, none of its commits is made.</summary>
    public required ActivationToken Token { get; init; }

    /// <summary>The actor that <see cref="Events"/> belong to.</summary>
    public ActorId? Actor { get; init; }

    /// <summary>The actor's events, in sequence.</summary>
    public IReadOnlyList<JournalEvent> Events { get; init; } = [];

    /// <summary>Tasks to insert; a stored one with the same key is left unchanged.</summary>
    public IReadOnlyList<TimedTask> Schedules { get; init; } = [];

    /// <summary>Tasks to delete; a missing one is not an error.</summary>
    public IReadOnlyList<TaskKey> Removals { get; init; } = [];

    /// <summary>
    /// Tasks to update in place (next try, attempts, version, last error), each only if its stored version is one less.
    /// </summary>
    public IReadOnlyList<TimedTask> Updates { get; init; } = [];

    /// <summary>
    /// Tasks that ended other than by an event of <see cref="Actor"/>; a stored outcome with the same key is left
    /// unchanged.
    /// </summary>
    public IReadOnlyList<TaskOutcome> Outcomes { get; init; } = [];

    /// <summary>Rows of tables that belong to the actor's kind.</summary>
    public IReadOnlyList<KindRow> Rows { get; init; } = [];

    /// <summary>The run of a task without an event. A second commit with the same run is refused.</summary>
    public TaskRun? Run { get; init; }

    /// <summary>Passed to subscribers of the stream with the commit; never stored.</summary>
    public object? Attachment { get; init; }
}

/// <summary>
/// A row of a table that belongs to one kind of actors, written with the commit. The store has a writer for each type
/// of row.
/// </summary>
internal abstract record KindRow
{
    /// <summary>The largest size of the row in one packet to a database, in bytes.</summary>
    public abstract int Bytes { get; }
}

/// <summary>An event to be written to the journal.</summary>
/// <param name="Sequence">The event's number in its actor, from 1.</param>
/// <param name="Type">The event's type, such as <c>thing.done</c>.</param>
/// <param name="Version">The version of the payload's format.</param>
/// <param name="Time">The actor's time of the event.</param>
/// <param name="Payload">The event's data, in the format of the actor's kind.</param>
/// <param name="Trace">W3C traceparent or null.</param>
internal readonly record struct JournalEvent(
    long Sequence,
    string Type,
    int Version,
    DateTimeOffset Time,
    ReadOnlyMemory<byte> Payload,
    string? Trace
);

/// <summary>Identifies one run of a task; unique in the database.</summary>
/// <param name="Key">The task.</param>
/// <param name="Version">Its version when it ran.</param>
internal readonly record struct TaskRun(TaskKey Key, int Version);

/// <summary>
/// Identifies one activation (of an actor, or of the task service). A refused commit poisons it, because what was
/// decided on top of the refused commit must not be committed either.
/// </summary>
internal sealed class ActivationToken
{
    private volatile bool _poisoned;

    /// <summary>True once this activation may commit no more.</summary>
    public bool IsPoisoned => _poisoned;

    /// <summary>Refuses every later commit of this activation.</summary>
    public void Poison() => _poisoned = true;
}

/// <summary>How a commit ended.</summary>
internal enum CommitStatus
{
    Committed,

    /// <summary>
    /// Refused: another activation committed first, this one is poisoned, or the run was committed before. Nothing of
    /// it is stored.
    /// </summary>
    Stale,

    /// <summary>
    /// Not made: the database takes no writes, this silo's stream is fenced, or the store is shutting down. Nothing of
    /// it is stored.
    /// </summary>
    Unavailable,
}

/// <summary>How a commit ended, and its position.</summary>
/// <param name="Status">See <see cref="CommitStatus"/>.</param>
/// <param name="At">The position of its last row, if committed.</param>
internal readonly record struct CommitResult(CommitStatus Status, StreamPosition At);

/// <summary>A position in a stream.</summary>
/// <param name="Stream">The stream's id.</param>
/// <param name="Position">From 1, gap-free.</param>
internal readonly record struct StreamPosition(long Stream, long Position);

/// <summary>Commits of one transaction, in position order, for the subscribers of a stream.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Commits">Each with the position of its first row. A commit has one row for each event, or one row if it
/// has no events.</param>
internal sealed record CommittedBatch(long Stream, IReadOnlyList<(long FirstPosition, Commit Commit)> Commits);
