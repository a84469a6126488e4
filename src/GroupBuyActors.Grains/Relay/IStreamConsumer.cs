using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Reading;
using GroupBuyActors.Streams;

namespace GroupBuyActors.Relay;

/// <summary>
/// Takes what one stream holds, in order. Its progress is kept in a cursor row, and the streams of a dead silo are
/// drained into it. It is handed a stretch again until it takes it; it must bear getting a
/// stretch twice (after a crash its cursor may lag behind what it took).
/// </summary>
internal interface IStreamConsumer
{
    /// <summary>Names the sink's cursors in the database: stable for ever.</summary>
    string Name { get; }

    /// <summary>
    /// How long commits gather before a stretch is taken: long where many changes of an actor become one row.
    /// </summary>
    TimeSpan Gathers(GrainsOptions options) => options.RelayInterval;

    /// <summary>Takes commits as they came from the committer, oldest first. Throws where it cannot now.</summary>
    Task TakeAsync(IReadOnlyList<Commit> commits, CancellationToken cancellation);

    /// <summary>Takes the same read back from the table.</summary>
    Task TakeAsync(IReadOnlyList<JournalRow> rows, CancellationToken cancellation);

    /// <summary>
    /// Looks after what it took and has not carried to its end; called between stretches, <paramref name="taken"/>
    /// being the last position it took. True where there is nothing of the kind.
    /// </summary>
    Task<bool> MaintainAsync(long taken, CancellationToken cancellation) => Task.FromResult(true);

    /// <summary>Moves its cursor of a stream.</summary>
    Task MoveCursorAsync(IStreams streams, long stream, long position, CancellationToken cancellation) =>
        streams.MoveCursorAsync(stream, Name, position, cancellation);

    /// <summary>Actors that wait for something outside this stream.</summary>
    int ActorsWaiting => 0;

    /// <summary>Actors that wait for an operator.</summary>
    int ActorsParked => 0;
}
