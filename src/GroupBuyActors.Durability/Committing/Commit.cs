using GroupBuyActors.Tasks;

namespace GroupBuyActors.Committing;

/// <summary>
/// One atomic write: everything in it becomes durable together or not at all. A commit about an actor has events; one
/// without (a port task's retry or completion, a schedule's next firing) has a <see cref="Run"/>, which makes it happen
/// once.
/// </summary>
internal sealed class Commit
{
    /// <summary>Names the commit for ever: how an unknown outcome is found out.</summary>
    public required Guid Id { get; init; }

    /// <summary>Chooses the lane: a shard's commits keep one order.</summary>
    public required ShardId Shard { get; init; }

    /// <summary>The activation that decided it; once poisoned, none of its commits is made.</summary>
    public required ActivationToken Token { get; init; }

    /// <summary>The actor that <see cref="Events"/> belong to.</summary>
    public ActorId? Actor { get; init; }

    /// <summary>The actor's events, in sequence.</summary>
    public IReadOnlyList<JournalEvent> Events { get; init; } = [];

    /// <summary>Tasks to insert; one that is there already (same key) is left as it is.</summary>
    public IReadOnlyList<TimedTask> Schedules { get; init; } = [];

    /// <summary>Tasks to delete; one that is not there is no fault.</summary>
    public IReadOnlyList<TaskKey> Removals { get; init; } = [];

    /// <summary>
    /// Tasks to update in place: next try, attempts, version, last error; only where the stored version is one less.
    /// </summary>
    public IReadOnlyList<TimedTask> Updates { get; init; } = [];

    /// <summary>
    /// Tasks that ended other than by an event of <see cref="Actor"/>; an ending that is there already (same key) is
    /// left as it is.
    /// </summary>
    public IReadOnlyList<TaskOutcome> Ends { get; init; } = [];

    /// <summary>Rows of tables that the actor's kind has for itself.</summary>
    public IReadOnlyList<KindRow> Rows { get; init; } = [];

    /// <summary>The run of a task without an event: its duplicate refuses the commit.</summary>
    public TaskRun? Run { get; init; }

    /// <summary>Handed to subscribers of the stream with the commit; never stored.</summary>
    public object? Attachment { get; init; }
}

/// <summary>
/// A row of a table that one kind of actors has for itself, written with the commit; the store has a writer for each.
/// </summary>
internal abstract record KindRow
{
    /// <summary>What it takes at most in one packet to a database, in bytes.</summary>
    public abstract int Bytes { get; }
}

/// <summary>A row of the journal to be.</summary>
/// <param name="Sequence">The actor's own, from 1.</param>
/// <param name="Type">What happened, such as <c>thing.done</c>.</param>
/// <param name="Version">Of the data.</param>
/// <param name="Time">The actor's now.</param>
/// <param name="Payload">As the actor's kind writes it.</param>
/// <param name="Trace">W3C traceparent or null.</param>
internal readonly record struct JournalEvent(
    long Sequence,
    string Type,
    int Version,
    DateTimeOffset Time,
    ReadOnlyMemory<byte> Payload,
    string? Trace
);

/// <summary>Names one run of a task: unique in the database.</summary>
/// <param name="Key">The task.</param>
/// <param name="Version">Its version when it ran.</param>
internal readonly record struct TaskRun(TaskKey Key, int Version);

/// <summary>
/// Stands for one activation (of an actor, or of the task service). A refused commit poisons it: everything that was
/// decided on top of the refused one must not land either.
/// </summary>
internal sealed class ActivationToken
{
    private volatile bool _poisoned;

    /// <summary>True once a commit of this activation was refused.</summary>
    public bool IsPoisoned => _poisoned;

    /// <summary>Refuses every later commit of this activation.</summary>
    public void Poison() => _poisoned = true;
}

/// <summary>How a commit ended.</summary>
internal enum CommitStatus
{
    /// <summary>Durable.</summary>
    Committed,

    /// <summary>
    /// Refused: another activation was first (or this one is poisoned, or the run was done). Nothing of it is stored.
    /// </summary>
    Stale,

    /// <summary>
    /// Not made: the database takes no writes, this silo's stream is fenced, or the store is shutting down. Nothing of
    /// it is stored.
    /// </summary>
    Unavailable,
}

/// <summary>How a commit ended, and where it lies.</summary>
/// <param name="Status">See <see cref="CommitStatus"/>.</param>
/// <param name="At">Where its last row lies, when committed.</param>
internal readonly record struct CommitResult(CommitStatus Status, StreamPosition At);

/// <summary>A place in a stream.</summary>
/// <param name="Stream">The stream's id.</param>
/// <param name="Position">From 1, gap-free.</param>
internal readonly record struct StreamPosition(long Stream, long Position);

/// <summary>Commits of one transaction, in position order, for the subscribers of a stream.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Commits">Each with the position of its first row; a commit takes one row an event, or one row without
/// events.</param>
internal sealed record CommittedBatch(long Stream, IReadOnlyList<(long FirstPosition, Commit Commit)> Commits);
