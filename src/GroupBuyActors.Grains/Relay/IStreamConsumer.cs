using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Reading;
using GroupBuyActors.Streams;

namespace GroupBuyActors.Relay;

/// <summary>
/// Takes the rows of one stream, in order. Its progress is stored in a cursor row, and the streams of dead silos are
/// drained into it. A batch is repeated until it is taken; a batch that was taken may be repeated, too, because the
/// cursor may lag behind after a crash.
/// </summary>
internal interface IStreamConsumer
{
    /// <summary>The name under which the sink's cursors are stored; it never changes.</summary>
    string Name { get; }

    /// <summary>
    /// How long commits are collected before a batch is taken: long if many changes of an actor become one row.
    /// </summary>
    TimeSpan Gathers(GrainsOptions options) => options.RelayInterval;

    /// <summary>Takes commits from the committer, oldest first. Throws if it cannot at present.</summary>
    Task TakeAsync(IReadOnlyList<Commit> commits, CancellationToken cancellation);

    /// <summary>Takes the same rows when they are read from the table.</summary>
    Task TakeAsync(IReadOnlyList<JournalRow> rows, CancellationToken cancellation);

    /// <summary>
    /// Continues work that taking a batch has left, such as blocked actors; called between batches with the last
    /// position taken. True if nothing is left.
    /// </summary>
    Task<bool> MaintainAsync(long taken, CancellationToken cancellation) => Task.FromResult(true);

    /// <summary>Moves its cursor in a stream.</summary>
    Task MoveCursorAsync(IStreams streams, long stream, long position, CancellationToken cancellation) =>
        streams.MoveCursorAsync(stream, Name, position, cancellation);

    /// <summary>The number of actors that wait for an event in another stream.</summary>
    int ActorsWaiting => 0;

    /// <summary>The number of actors that wait for an operator.</summary>
    int ActorsParked => 0;
}
