using GroupBuyActors.Committing;
using GroupBuyActors.Reading;

namespace GroupBuyActors.Streams;

/// <summary>Why an actor's events are not relayed yet.</summary>
internal enum BlockedActorState
{
    /// <summary>The event before these is in another stream and is not relayed yet.</summary>
    Waiting = 1,

    /// <summary>
    /// The sink refused the first of them permanently; an operator decides whether it is retried or skipped.
    /// </summary>
    Parked = 2,
}

/// <summary>
/// An actor whose events in a stream, from <paramref name="Sequence"/> on and up to the sink's cursor, are not relayed.
/// </summary>
/// <param name="Stream">The stream that contains them.</param>
/// <param name="Actor">The actor.</param>
/// <param name="Sequence">The first of these events; all before it in this stream are relayed.</param>
/// <param name="State">Why the actor is blocked.</param>
/// <param name="Since">When the actor was blocked.</param>
/// <param name="Reason">The sink's reason for refusing the event of a parked actor.</param>
internal sealed record BlockedActorRow(
    long Stream,
    ActorId Actor,
    long Sequence,
    BlockedActorState State,
    DateTimeOffset Since,
    string? Reason
);

/// <summary>The position of an event, and whether a sink has relayed it.</summary>
/// <param name="Actor">The actor.</param>
/// <param name="Sequence">The event.</param>
/// <param name="At">Its stream and position.</param>
/// <param name="IsRelayed">True if the sink's cursor has passed it and it is not blocked.</param>
internal sealed record EventPosition(ActorId Actor, long Sequence, StreamPosition At, bool IsRelayed);

/// <summary>
/// Actors whose events are blocked between a stream and a sink that keeps each actor's order. A row and the cursor that
/// passes it become durable together, and one statement reads both or neither: an event that the cursor has passed and
/// that is not blocked is relayed.
/// <para>
/// Two silos may forward one stream for a while (its silo was declared dead but still runs). A row is therefore removed
/// or changed only if the cursor is not beyond what the caller itself has relayed, and each silo moves the cursor
/// together with the rows of all actors it skipped. Whichever of them continues, no event is lost.
/// </para>
/// </summary>
internal interface IBlockedActorStore
{
    /// <summary>Reads a stream's rows for a sink, in order of actor id, at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<BlockedActorRow>> ReadAsync(long stream, string sink, int limit, CancellationToken cancellation);

    /// <summary>Reads the rows of some actors.</summary>
    Task<IReadOnlyList<BlockedActorRow>> ReadAsync(
        long stream,
        string sink,
        IReadOnlyCollection<ActorId> actors,
        CancellationToken cancellation
    );

    /// <summary>
    /// The sequence of the actor's first event in a stream after a sequence and up to a position, or null.
    /// </summary>
    Task<long?> NextAsync(long stream, ActorId actor, long after, long position, CancellationToken cancellation);

    /// <summary>
    /// Moves a cursor forward and stores rows in one transaction; rows that exist are left unchanged.
    /// </summary>
    Task MoveCursorAsync(
        long stream,
        string sink,
        long position,
        IReadOnlyCollection<BlockedActorRow> rows,
        CancellationToken cancellation
    );

    /// <summary>
    /// Removes actors' rows or, if <c>After</c> is given, replaces them. False, without a change, if the cursor is
    /// beyond <paramref name="relayed"/>: then another silo skipped more of these actors' events than the caller has
    /// relayed.
    /// </summary>
    Task<bool> ReplaceAsync(
        long stream,
        string sink,
        long relayed,
        IReadOnlyCollection<(ActorId Actor, BlockedActorRow? After)> replaced,
        CancellationToken cancellation
    );

    /// <summary>
    /// The positions of events, and whether the sink has relayed them. Events that are not in the journal are left out.
    /// A stream that is drained or removed is relayed to its end.
    /// </summary>
    Task<IReadOnlyList<EventPosition>> PositionsAsync(
        string sink,
        IReadOnlyCollection<(ActorId Actor, long Sequence)> events,
        CancellationToken cancellation
    );

    /// <summary>
    /// How far streams are forwarded: the cursor's position; <see cref="long.MaxValue"/> for a stream that is drained
    /// or removed.
    /// </summary>
    Task<IReadOnlyDictionary<long, long>> CursorsAsync(
        string sink,
        IReadOnlyCollection<long> streams,
        CancellationToken cancellation
    );

    /// <summary>A page of the parked actors, in order of their ids.</summary>
    Task<Page<BlockedActorRow>> ParkedAsync(string sink, string? after, int limit, CancellationToken cancellation);

    /// <summary>Causes a parked actor's first event to be tried again; null if the actor is not parked.</summary>
    Task<BlockedActorRow?> RetryAsync(string sink, ActorId actor, CancellationToken cancellation);

    /// <summary>
    /// Skips a parked actor's first event and continues after it; null if the actor is not parked. Returns the row of
    /// the skipped event.
    /// </summary>
    Task<BlockedActorRow?> SkipAsync(string sink, ActorId actor, CancellationToken cancellation);
}
