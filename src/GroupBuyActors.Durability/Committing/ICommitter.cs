namespace GroupBuyActors.Committing;

/// <summary>
/// Makes commits of many actors durable, many in one transaction. One per silo. <see cref="StartAsync"/>
/// is called once, after the silo joined the cluster; before that every reservation is refused.
/// </summary>
internal interface ICommitter
{
    /// <summary>Largest single commit in bytes, as <see cref="CommitSize.Of"/> counts.</summary>
    int CommitBytesMax { get; }

    /// <summary>Creates this silo's streams, one for each lane, and begins to accept commits.</summary>
    Task StartAsync(SiloIdentity silo, CancellationToken cancellation);

    /// <summary>
    /// Reserves space in the queue of the shard's lane, before anything is decided; null if the queue is full, the
    /// database takes no writes, the lane is stopped or the silo is fenced. The caller disposes it, which releases it
    /// if nothing was committed.
    /// </summary>
    CommitReservation? TryReserve(ShardId shard);

    /// <summary>
    /// Commits. Commits of one lane become durable in the order of these calls. Completes only when the outcome is
    /// known; it cannot be cancelled. Never throws when the database fails. Throws
    /// <see cref="CommitTooLargeException"/> if the commit is larger than <see cref="CommitBytesMax"/>, because it can
    /// never be made.
    /// </summary>
    Task<CommitResult> CommitAsync(CommitReservation reservation, Commit commit);

    /// <summary>
    /// Calls the subscriber after each transaction, in position order per stream, on the lane's own thread. It must
    /// return quickly and must not throw.
    /// </summary>
    void Subscribe(Action<CommittedBatch> subscriber);

    /// <summary>The ids of this silo's streams; empty before the start.</summary>
    IReadOnlyList<long> Streams { get; }

    /// <summary>
    /// The timestamp (of the TimeProvider) at which the last request was sent whose answer showed that every stream of
    /// this silo is alive; 0 before the start. Idle lanes send such requests by themselves. Of several databases, that
    /// of the one that answered last.
    /// </summary>
    long FenceConfirmedAt { get; }

    /// <summary>
    /// The same for the streams of a shard's database; with one database, for all. Whoever answers for a shard goes by
    /// this.
    /// </summary>
    long FenceConfirmedFor(ShardId shard) => FenceConfirmedAt;

    /// <summary>
    /// The number of a shard's database. One commit can have rows of shards in one database only.
    /// </summary>
    int DatabaseOf(ShardId shard) => 0;

    /// <summary>
    /// Completes with a sentence that gives the reason when a stream of this silo is found fenced. The process must
    /// then exit.
    /// </summary>
    Task<string> Fenced { get; }

    /// <summary>Accepts no more commits, finishes the accepted ones and closes the connections.</summary>
    Task StopAsync(CancellationToken cancellation);
}

/// <summary>
/// Reserved space in a lane's queue. <see cref="ICommitter.CommitAsync"/> uses it; disposing releases it.
/// </summary>
internal abstract class CommitReservation : IDisposable
{
    /// <summary>Releases the reservation if it was not used.</summary>
    public abstract void Dispose();
}

/// <summary>
/// Identifies one run of a silo: its address with generation (unique to the run) and its stable slot name.
/// </summary>
/// <param name="Address">Such as <c>S127.0.0.1:11111:135790</c>.</param>
/// <param name="Slot">Such as <c>silo-0</c>.</param>
internal sealed record SiloIdentity(string Address, string Slot);

/// <summary>
/// A commit is larger than one transaction may be. Nothing of it is stored, and a retry fails in the same way.
/// </summary>
internal sealed class CommitTooLargeException(int bytes, int bytesMax)
    : Exception($"The commit has {bytes} bytes; one transaction takes at most {bytesMax}.");

/// <summary>Computes the size of a commit as it is compared with the limits.</summary>
internal static class CommitSize
{
    /// <summary>An upper bound of the bytes that the commit adds to a packet.</summary>
    public static int Of(Commit commit)
    {
        var bytes = CommitBytes.Fixed + commit.Removals.Count * CommitBytes.Removal;
        foreach (var e in commit.Events)
            bytes += CommitBytes.OfEvent(e.Payload.Length);
        foreach (var t in commit.Schedules)
            bytes += CommitBytes.OfTask(t);
        foreach (var t in commit.Updates)
            bytes += CommitBytes.OfTask(t);
        foreach (var e in commit.Outcomes)
            bytes += CommitBytes.OfOutcome(e.Payload.Length, e.Error);
        for (var i = 0; i < commit.Rows.Count; i++)
            bytes += commit.Rows[i].Bytes;
        return bytes;
    }
}
