using GroupBuyActors.Store.Committing;

namespace GroupBuyActors.Relay;

/// <summary>
/// Takes what a stream holds, in order. A sink is handed a stretch again until it takes it; it must bear getting a stretch twice
/// (after a crash its cursor may lag behind what it took).
/// </summary>
internal interface IStreamSink
{
    /// <summary>Names the sink's cursors in the database: stable for ever.</summary>
    string Name { get; }

    /// <summary>True where a crash must not lose anything: progress is kept in a cursor row, and a dead silo's streams are drained into it.</summary>
    bool IsDurable { get; }

    /// <summary>Takes commits as they came from the committer, oldest first. Throws where it cannot now.</summary>
    Task TakeAsync(IReadOnlyList<Commit> commits, CancellationToken cancellation);

    /// <summary>Takes the same read back from the table.</summary>
    Task TakeAsync(IReadOnlyList<Store.Reading.JournalRow> rows, CancellationToken cancellation);
}
