using GroupBuyActors.Committing;

namespace GroupBuyActors.Store.Committing;

/// <summary>
/// Writes one stream: what differs between databases. Used by its lane's thread only, but for what says otherwise.
/// </summary>
internal abstract class LaneWriter
{
    private long _confirmedAt;
    private volatile bool _refuses;

    /// <summary>The stream, once open.</summary>
    public long Stream { get; protected set; }

    /// <summary>The last position that is committed, 0 for none.</summary>
    public long LastPosition { get; protected set; }

    /// <summary>
    /// When the request was sent whose answer last showed the stream alive, by the TimeProvider's timestamp. Any thread
    /// may read it.
    /// </summary>
    public long ConfirmedAt
    {
        get => Volatile.Read(ref _confirmedAt);
        protected set => Volatile.Write(ref _confirmedAt, value);
    }

    /// <summary>
    /// True while the database takes no commit: one that is away, read-only or full. Nothing is written, nor taken in
    /// line, until <see cref="TakesWrites"/> finds that it takes writes again. Any thread may read it.
    /// </summary>
    public bool Refuses
    {
        get => _refuses;
        protected set => _refuses = value;
    }

    /// <summary>
    /// Why the lane must stop, as a sentence, once <see cref="Write"/> or <see cref="Confirm"/> said so.
    /// </summary>
    public string? FencedBecause { get; protected set; }

    /// <summary>Allocates the stream; gives how many bytes of commits one transaction can take.</summary>
    public abstract int Open(SiloIdentity silo);

    /// <summary>
    /// Writes commits in one transaction where it can, in as few as it needs otherwise, and sets the
    /// <see cref="QueuedCommit.Status"/> and position of each; those that met a lock which something else holds it
    /// moves to <paramref name="deferred"/> instead. Returns once every outcome is known; false where the stream is
    /// fenced. Where the database refuses for longer than <see cref="StoreOptions.RefusalPatience"/>, none is made, and
    /// <see cref="Refuses"/> says so.
    /// </summary>
    public abstract bool Write(List<QueuedCommit> batch, List<QueuedCommit> deferred);

    /// <summary>
    /// Confirms that the stream is alive, also to keep the connection open; false where it is fenced. Failure of the
    /// database is no answer: true.
    /// </summary>
    public abstract bool Confirm();

    /// <summary>Tries a write that leaves nothing behind.</summary>
    public abstract bool TakesWrites();

    /// <summary>The database takes writes again.</summary>
    public void Resume() => Refuses = false;

    /// <summary>Closes what is open; never throws.</summary>
    public abstract void Close();

    /// <summary>
    /// Refuses a commit and every later commit of its activation in the batch: they were decided on a state that does
    /// not exist.
    /// </summary>
    protected static void Refuse(List<QueuedCommit> batch, QueuedCommit loser)
    {
        loser.Status = CommitStatus.Stale;
        loser.Commit.Token.Poison();
        foreach (var queued in batch)
            if (queued.Status is null && queued.Commit.Token.IsPoisoned)
                queued.Status = CommitStatus.Stale;
    }

    /// <summary>
    /// Marks commits as not made, and what their activations send later with them: it was decided on top. Their outcome
    /// must be known: nothing of them is stored.
    /// </summary>
    protected static void GiveUp(IEnumerable<QueuedCommit> reservations)
    {
        foreach (var queued in reservations)
        {
            queued.Status = CommitStatus.Unavailable;
            queued.Commit.Token.Poison();
        }
    }

    /// <summary>Gives out positions to commits, gap-free after the last one committed.</summary>
    protected void Number(List<QueuedCommit> batch)
    {
        var next = LastPosition + 1;
        foreach (var queued in batch)
        {
            queued.FirstPosition = next;
            next += queued.Rows;
        }
    }

    /// <summary>Takes all of a batch as committed.</summary>
    protected void Land(List<QueuedCommit> batch)
    {
        foreach (var queued in batch)
            queued.Status = CommitStatus.Committed;
        LastPosition = batch[^1].FirstPosition + batch[^1].Rows - 1;
    }

    /// <summary>Holds up the lane's thread for so long by a clock that tests may move.</summary>
    protected static void Pause(TimeSpan wait, TimeProvider time)
    {
        using var over = new ManualResetEventSlim();
        using var timer = time.CreateTimer(_ => over.Set(), null, wait, Timeout.InfiniteTimeSpan);
        over.Wait();
    }

    /// <summary>A new stream's id: 63 random bits, never used again.</summary>
    protected static long NewStreamId()
    {
        Span<byte> bytes = stackalloc byte[8];
        System.Security.Cryptography.RandomNumberGenerator.Fill(bytes);
        return BitConverter.ToInt64(bytes) & long.MaxValue;
    }
}
