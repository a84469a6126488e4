using GroupBuyActors.Committing;

namespace GroupBuyActors.Store.Committing;

/// <summary>Reserved space in a lane's queue and, once submitted, the commit that waits there.</summary>
internal sealed class QueuedCommit(CommitQueue queue, Lane lane) : CommitReservation
{
    private int _taken;
    private TaskCompletionSource<CommitResult>? _outcome;

    public Lane Lane => lane;

    public Commit Commit { get; private set; } = null!;

    /// <summary>The commit's size as <see cref="CommitSize.Of"/> counts it.</summary>
    public int Bytes { get; private set; }

    /// <summary>The TimeProvider's timestamp at the submission.</summary>
    public long SubmittedAt { get; private set; }

    /// <summary>Its rows in the journal: one per event, and at least one.</summary>
    public int Rows { get; private set; }

    /// <summary>The position of its first row, assigned when the packet is built.</summary>
    public long FirstPosition { get; set; }

    /// <summary>The outcome, or null while it is not known.</summary>
    public CommitStatus? Status { get; set; }

    /// <summary>Uses the reservation for a commit; the returned task completes with its outcome.</summary>
    public Task<CommitResult> Submit(Commit commit, int bytes, long now)
    {
        if (Interlocked.Exchange(ref _taken, 1) != 0)
            throw new InvalidOperationException("A reservation serves one commit, and only until it is disposed.");
        (Commit, Bytes, SubmittedAt, Rows) = (commit, bytes, now, Math.Max(1, commit.Events.Count));
        _outcome = new TaskCompletionSource<CommitResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        return _outcome.Task;
    }

    /// <summary>
    /// Releases the reservation and completes the caller's task. Continuations run on the thread pool, not on the
    /// lane's thread.
    /// </summary>
    public void Complete(CommitStatus status, long stream)
    {
        queue.Release();
        _outcome!.SetResult(
            new CommitResult(
                status,
                status == CommitStatus.Committed ? new StreamPosition(stream, FirstPosition + Rows - 1) : default
            )
        );
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _taken, 1) == 0)
            queue.Release();
    }
}
