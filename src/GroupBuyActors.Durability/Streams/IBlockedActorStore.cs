using GroupBuyActors.Committing;
using GroupBuyActors.Reading;

namespace GroupBuyActors.Streams;

/// <summary>Why an actor's events are not relayed yet.</summary>
internal enum BlockedActorState
{
    /// <summary>Its event before these lies in another stream and is not relayed itself.</summary>
    Waiting = 1,

    /// <summary>
    /// The sink refused the first of them for good: an operator decides whether it is retried or skipped.
    /// </summary>
    Parked = 2,
}

/// <summary>
/// An actor whose events in a stream, from <paramref name="Sequence"/> on and up to the sink's cursor, are not relayed.
/// </summary>
/// <param name="Stream">The stream they lie in.</param>
/// <param name="Actor">The actor.</param>
/// <param name="Sequence">The first of them; all before it in this stream are relayed.</param>
/// <param name="State">Why.</param>
/// <param name="Since">When it was blocked.</param>
/// <param name="Reason">What the sink said of a parked one.</param>
internal sealed record BlockedActorRow(
    long Stream,
    ActorId Actor,
    long Sequence,
    BlockedActorState State,
    DateTimeOffset Since,
    string? Reason
);

/// <summary>Where an event lies and whether a sink has relayed it.</summary>
/// <param name="Actor">The actor.</param>
/// <param name="Sequence">The event.</param>
/// <param name="At">Its stream and position.</param>
/// <param name="IsRelayed">True where the sink's cursor has passed it and it is not blocked.</param>
internal sealed record EventPosition(ActorId Actor, long Sequence, StreamPosition At, bool IsRelayed);

/// <summary>
/// Actors blocked on the way from streams to a sink that keeps each actor's order. A row and the cursor that passes
/// it become durable together, and one statement reads both or neither: passed by the cursor and not blocked means
/// relayed.
/// <para>
/// Two silos may forward one stream for a while (its silo was declared dead but still runs). A row is therefore removed
/// or changed only if the cursor is not beyond what the caller itself has relayed, and each moves the cursor together
/// with the rows of all actors it skipped: whichever continues, no event is lost.
/// </para>
/// </summary>
internal interface IBlockedActorStore
{
    /// <summary>A stream's rows for a sink, by actor, at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<BlockedActorRow>> ReadAsync(long stream, string sink, int limit, CancellationToken cancellation);

    /// <summary>Those of some actors.</summary>
    Task<IReadOnlyList<BlockedActorRow>> ReadAsync(
        long stream,
        string sink,
        IReadOnlyCollection<ActorId> actors,
        CancellationToken cancellation
    );

    /// <summary>The actor's first event in a stream after a sequence and up to a position, or null.</summary>
    Task<long?> NextAsync(long stream, ActorId actor, long after, long position, CancellationToken cancellation);

    /// <summary>
    /// Moves a cursor forward and stores rows, those that are there already excepted, in one transaction.
    /// </summary>
    Task MoveCursorAsync(
        long stream,
        string sink,
        long position,
        IReadOnlyCollection<BlockedActorRow> rows,
        CancellationToken cancellation
    );

    /// <summary>
    /// Takes actors' rows out and, where <c>After</c> is given, puts that in their place. False, and nothing is
    /// changed, where the cursor is beyond <paramref name="relayed"/>: another silo skipped more of these actors'
    /// events than the caller has relayed.
    /// </summary>
    Task<bool> ReplaceAsync(
        long stream,
        string sink,
        long relayed,
        IReadOnlyCollection<(ActorId Actor, BlockedActorRow? After)> replaced,
        CancellationToken cancellation
    );

    /// <summary>
    /// Where events lie and whether the sink has relayed them. An event that is not in the journal is not in the
    /// answer. A stream that is drained, or gone, is relayed to its end.
    /// </summary>
    Task<IReadOnlyList<EventPosition>> PositionsAsync(
        string sink,
        IReadOnlyCollection<(ActorId Actor, long Sequence)> events,
        CancellationToken cancellation
    );

    /// <summary>
    /// How far streams are forwarded: the cursor's position, <see cref="long.MaxValue"/> for a stream that is drained
    /// or gone.
    /// </summary>
    Task<IReadOnlyDictionary<long, long>> CursorsAsync(
        string sink,
        IReadOnlyCollection<long> streams,
        CancellationToken cancellation
    );

    /// <summary>Parked actors by id, a page at a time.</summary>
    Task<Page<BlockedActorRow>> ParkedAsync(string sink, string? after, int limit, CancellationToken cancellation);

    /// <summary>Has a parked actor's first event tried again; null where none is parked.</summary>
    Task<BlockedActorRow?> RetryAsync(string sink, ActorId actor, CancellationToken cancellation);

    /// <summary>
    /// Skips a parked actor's first event and continues after it; null where none is parked. The answer names the
    /// event given up.
    /// </summary>
    Task<BlockedActorRow?> SkipAsync(string sink, ActorId actor, CancellationToken cancellation);
}
