using GroupBuyActors.Committing;

namespace GroupBuyActors.Store.Committing;

/// <summary>
/// Writes one stream; the part of a lane that differs between databases. Used by the lane's thread only, except for the
/// members that say otherwise.
/// </summary>
internal abstract class LaneWriter
{
    private const int RandomBits = 56;
    private long _confirmedAt;
    private volatile bool _refuses;

    /// <summary>The stream, once open.</summary>
    public long Stream { get; protected set; }

    /// <summary>The lowest merchant slot of the database.</summary>
    public int LowestSlot { get; init; }

    /// <summary>The last committed position; 0 for none.</summary>
    public long LastPosition { get; protected set; }

    /// <summary>
    /// The TimeProvider's timestamp at which the last request was sent that proved the stream alive. Any thread may
    /// read it.
    /// </summary>
    public long ConfirmedAt
    {
        get => Volatile.Read(ref _confirmedAt);
        protected set => Volatile.Write(ref _confirmedAt, value);
    }

    /// <summary>
    /// True while the database accepts no commits: it is unreachable, read-only or full. No commit is written or queued
    /// until <see cref="AcceptsWrites"/> succeeds. Any thread may read it.
    /// </summary>
    public bool Refuses
    {
        get => _refuses;
        protected set => _refuses = value;
    }

    /// <summary>
    /// Why the lane must stop, as a sentence; set when <see cref="Write"/> or <see cref="Confirm"/> returns false.
    /// </summary>
    public string? FenceReason { get; protected set; }

    /// <summary>Allocates the stream; returns how many bytes of commits fit in one transaction.</summary>
    public abstract int Open(SiloIdentity silo);

    /// <summary>
    /// Writes commits in one transaction if possible, otherwise in as few as possible, and sets the
    /// <see cref="QueuedCommit.Status"/> and position of each. Commits that wait for a lock of another session are
    /// added to <paramref name="deferred"/> instead. Returns when every outcome is known; false if the stream is
    /// fenced. If the database refuses for longer than <see cref="StoreOptions.RefusalTimeout"/>, no commit is made and
    /// <see cref="Refuses"/> becomes true.
    /// </summary>
    public abstract bool Write(List<QueuedCommit> batch, List<QueuedCommit> deferred);

    /// <summary>
    /// Checks that the stream is alive, which also keeps the connection open; false if it is fenced. A failure of the
    /// database proves nothing: true.
    /// </summary>
    public abstract bool Confirm();

    /// <summary>True if a write that leaves nothing behind succeeds.</summary>
    public abstract bool AcceptsWrites();

    /// <summary>Ends the refusal: the database accepts writes again.</summary>
    public void Resume() => Refuses = false;

    /// <summary>Closes the connection; never throws.</summary>
    public abstract void Close();

    /// <summary>
    /// Refuses a commit and every later commit of its activation in the batch, because they were decided on a state
    /// that is not stored.
    /// </summary>
    protected static void Refuse(List<QueuedCommit> batch, QueuedCommit refused)
    {
        refused.Status = CommitStatus.Stale;
        refused.Commit.Token.Poison();
        foreach (var queued in batch)
            if (queued.Status is null && queued.Commit.Token.IsPoisoned)
                queued.Status = CommitStatus.Stale;
    }

    /// <summary>
    /// Marks commits as not made, together with later commits of their activations, which are based on them. Only for
    /// commits of which it is known that nothing is stored.
    /// </summary>
    protected static void GiveUp(IEnumerable<QueuedCommit> reservations)
    {
        foreach (var queued in reservations)
        {
            queued.Status = CommitStatus.Unavailable;
            queued.Commit.Token.Poison();
        }
    }

    /// <summary>Assigns positions to commits, without gaps after the last committed one.</summary>
    protected void AssignPositions(List<QueuedCommit> batch)
    {
        var next = LastPosition + 1;
        foreach (var queued in batch)
        {
            queued.FirstPosition = next;
            next += queued.Rows;
        }
    }

    /// <summary>Marks all of a batch as committed.</summary>
    protected void MarkCommitted(List<QueuedCommit> batch)
    {
        foreach (var queued in batch)
            queued.Status = CommitStatus.Committed;
        LastPosition = batch[^1].FirstPosition + batch[^1].Rows - 1;
    }

    /// <summary>Blocks the lane's thread for a time of the TimeProvider's clock, which tests may advance.</summary>
    protected static void Pause(TimeSpan wait, TimeProvider time)
    {
        using var over = new ManualResetEventSlim();
        using var timer = time.CreateTimer(_ => over.Set(), null, wait, Timeout.InfiniteTimeSpan);
        over.Wait();
    }

    /// <summary>The merchant slot that a stream's id begins with: the lowest of its database.</summary>
    public static int SlotOf(long stream) => (int)(stream >> RandomBits) & (ShardId.MerchantSlots - 1);

    /// <summary>
    /// A new stream's id, never used again: the lowest merchant slot of the database, so that the database follows from
    /// the id, and 56 random bits.
    /// </summary>
    protected static long NewStreamId(int lowestSlot)
    {
        Span<byte> bytes = stackalloc byte[8];
        System.Security.Cryptography.RandomNumberGenerator.Fill(bytes);
        return ((long)lowestSlot << RandomBits) | (BitConverter.ToInt64(bytes) & ((1L << RandomBits) - 1));
    }
}
