using GroupBuyActors.Reading;

namespace GroupBuyActors.Streams;

/// <summary>Where a stream stands: alive → dead → drained. A row is removed only when drained.</summary>
internal enum StreamState
{
    /// <summary>Its silo writes it.</summary>
    Alive = 1,

    /// <summary>Fenced: nothing can be added; its end is to be relayed by an adopter.</summary>
    Dead = 2,

    /// <summary>Relayed to every sink.</summary>
    Drained = 3,
}

/// <summary>A stream's row.</summary>
internal sealed record StreamRow(long Id, string SiloAddress, string SiloSlot, StreamState State);

/// <summary>Streams of all silos: fencing, reading and cursors. Statements here commit by themselves.</summary>
internal interface IStreams
{
    /// <summary>All streams that are not drained.</summary>
    Task<IReadOnlyList<StreamRow>> ListAsync(CancellationToken cancellation);

    /// <summary>
    /// Sets streams dead. Waits for a commit in flight on them; when it returns, what is in the journal is all there
    /// will ever be. A plain read afterwards is conclusive.
    /// </summary>
    Task FenceAsync(IReadOnlyCollection<long> streams, CancellationToken cancellation);

    /// <summary>Rows of a stream after a position, in position order.</summary>
    Task<IReadOnlyList<JournalRow>> ReadAsync(long stream, long after, int limit, CancellationToken cancellation);

    /// <summary>A stream's last position, 0 where it has none.</summary>
    Task<long> EndAsync(long stream, CancellationToken cancellation);

    /// <summary>The position a sink has reached, 0 for none.</summary>
    Task<long> CursorAsync(long stream, string sink, CancellationToken cancellation);

    /// <summary>
    /// The position a sink has reached in a stream that is still to be drained, 0 for none; null where the stream is
    /// drained. The cursors of a drained stream are removed, so that <see cref="CursorAsync"/> gives 0 for it.
    /// </summary>
    Task<long?> UndrainedCursorAsync(long stream, string sink, CancellationToken cancellation);

    /// <summary>Moves a sink's cursor forward; a smaller position changes nothing.</summary>
    Task MoveCursorAsync(long stream, string sink, long position, CancellationToken cancellation);

    /// <summary>
    /// A dead stream is relayed to every sink: its row may go with the next <see cref="PurgeAsync"/>.
    /// </summary>
    Task MarkDrainedAsync(long stream, CancellationToken cancellation);

    /// <summary>
    /// Removes rows and cursors of drained streams and what was blocked of them; the journal stays.
    /// </summary>
    Task PurgeAsync(CancellationToken cancellation);
}
