namespace GroupBuyActors.Committing;

/// <summary>
/// Makes commits of many grains durable, many in one transaction. One per silo and database. Start:
/// <see cref="StartAsync"/> after the silo joined the cluster, once; before that every reservation is refused.
/// </summary>
internal interface ICommitter
{
    /// <summary>Largest single commit in bytes, as <see cref="CommitSize.Of"/> counts.</summary>
    int CommitBytesMax { get; }

    /// <summary>Allocates this silo's streams, one a lane, and opens for commits.</summary>
    Task StartAsync(SiloIdentity silo, CancellationToken cancellation);

    /// <summary>
    /// Reserves space in the queue of the shard's lane, before anything is decided; null where the queue is full, the
    /// database takes no writes, the lane is stopped or the silo is fenced. Dispose it where nothing is committed after
    /// all.
    /// </summary>
    CommitReservation? TryReserve(ShardId shard);

    /// <summary>
    /// Commits. Commits of one lane become durable in the order of these calls. Completes only when the outcome is
    /// known; it cannot be cancelled. Never throws when the database fails. Throws
    /// <see cref="CommitTooLargeException"/> where the commit is over <see cref="CommitBytesMax"/>: it will never be
    /// made.
    /// </summary>
    Task<CommitResult> CommitAsync(CommitReservation reservation, Commit commit);

    /// <summary>
    /// Calls back after each transaction, in position order per stream, on the lane's own thread: be quick, do not
    /// throw.
    /// </summary>
    void Subscribe(Action<CommittedBatch> subscriber);

    /// <summary>The ids of this silo's streams, empty before the start.</summary>
    IReadOnlyList<long> Streams { get; }

    /// <summary>
    /// Monotonic time (of the TimeProvider's timestamp) at which the request was sent whose answer last showed every
    /// stream of this silo alive; 0 before the start. Idle lanes confirm by themselves.
    /// </summary>
    long FenceConfirmedAt { get; }

    /// <summary>
    /// Completes when a stream of this silo was found fenced, with a sentence why: the process must exit.
    /// </summary>
    Task<string> Fenced { get; }

    /// <summary>Stops taking commits, finishes those taken, closes the connections.</summary>
    Task StopAsync(CancellationToken cancellation);
}

/// <summary>
/// Reserved space in a lane's queue: used by <see cref="ICommitter.CommitAsync"/>, or released by disposing.
/// </summary>
internal abstract class CommitReservation : IDisposable
{
    /// <summary>Releases the reservation if it was not used.</summary>
    public abstract void Dispose();
}

/// <summary>A silo's life: its address with generation (unique to the life) and its stable slot name.</summary>
/// <param name="Address">Such as <c>S127.0.0.1:11111:135790</c>.</param>
/// <param name="Slot">Such as <c>silo-0</c>.</param>
internal sealed record SiloIdentity(string Address, string Slot);

/// <summary>
/// A commit has more bytes than one transaction takes. Nothing of it is stored, and sending it again changes nothing.
/// </summary>
internal sealed class CommitTooLargeException(int bytes, int bytesMax)
    : Exception($"The commit has {bytes} bytes; one transaction takes at most {bytesMax}.");

/// <summary>Counts a commit's bytes the way the limits do.</summary>
internal static class CommitSize
{
    /// <summary>An upper estimate of what the commit adds to a packet.</summary>
    public static int Of(Commit commit)
    {
        var bytes = CommitBytes.Fixed + commit.Removals.Count * CommitBytes.Removal;
        foreach (var e in commit.Events)
            bytes += CommitBytes.OfEvent(e.Payload.Length);
        foreach (var t in commit.Schedules)
            bytes += CommitBytes.OfTask(t);
        foreach (var t in commit.Updates)
            bytes += CommitBytes.OfTask(t);
        foreach (var e in commit.Ends)
            bytes += CommitBytes.OfEnding(e.Payload.Length, e.Error);
        for (var i = 0; i < commit.Rows.Count; i++)
            bytes += commit.Rows[i].Bytes;
        return bytes;
    }
}
