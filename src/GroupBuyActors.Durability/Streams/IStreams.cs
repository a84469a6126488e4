using GroupBuyActors.Reading;

namespace GroupBuyActors.Streams;

/// <summary>The state of a stream: alive → dead → drained. A row is removed only when drained.</summary>
internal enum StreamState
{
    /// <summary>Its silo writes to it.</summary>
    Alive = 1,

    /// <summary>Fenced: nothing can be added. Another silo relays the rest of it.</summary>
    Dead = 2,

    /// <summary>Relayed to every sink.</summary>
    Drained = 3,
}

internal sealed record StreamRow(long Id, string SiloAddress, string SiloSlot, StreamState State);

/// <summary>The streams of all silos: fencing, reading and cursors. Each call is a transaction of its own.</summary>
internal interface IStreams
{
    /// <summary>
    /// Lists the streams that are not drained; of several databases, those of the ones that answer.
    /// </summary>
    Task<IReadOnlyList<StreamRow>> ListAsync(CancellationToken cancellation);

    /// <summary>
    /// Marks streams as dead. Waits for a commit in progress on them; after it returns, nothing is added to them any
    /// more, so that a plain read is conclusive.
    /// </summary>
    Task FenceAsync(IReadOnlyCollection<long> streams, CancellationToken cancellation);

    /// <summary>Reads rows of a stream after a position, in position order.</summary>
    Task<IReadOnlyList<JournalRow>> ReadAsync(long stream, long after, int limit, CancellationToken cancellation);

    /// <summary>A stream's last position; 0 if it has no rows.</summary>
    Task<long> EndAsync(long stream, CancellationToken cancellation);

    /// <summary>The position that a sink has reached; 0 for none.</summary>
    Task<long> CursorAsync(long stream, string sink, CancellationToken cancellation);

    /// <summary>
    /// The position a sink has reached in a stream that is still to be drained, 0 for none; null where the stream is
    /// drained. The cursors of a drained stream are removed, so that <see cref="CursorAsync"/> gives 0 for it.
    /// </summary>
    Task<long?> UndrainedCursorAsync(long stream, string sink, CancellationToken cancellation);

    /// <summary>Moves a sink's cursor forward; a smaller position changes nothing.</summary>
    Task MoveCursorAsync(long stream, string sink, long position, CancellationToken cancellation);

    /// <summary>
    /// Marks a dead stream as relayed to every sink; the next <see cref="PurgeAsync"/> removes its row.
    /// </summary>
    Task MarkDrainedAsync(long stream, CancellationToken cancellation);

    /// <summary>
    /// Removes the rows, cursors and blocked actors of drained streams; the journal stays.
    /// </summary>
    Task PurgeAsync(CancellationToken cancellation);
}
