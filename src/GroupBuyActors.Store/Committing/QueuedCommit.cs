using GroupBuyActors.Committing;

namespace GroupBuyActors.Store.Committing;

/// <summary>A place in a lane's queue and, once used, the commit that waits in it.</summary>
internal sealed class QueuedCommit(CommitQueue queue, Lane lane) : CommitReservation
{
    private int _taken;
    private TaskCompletionSource<CommitResult>? _outcome;

    /// <summary>The lane that it is a place of.</summary>
    public Lane Lane => lane;

    /// <summary>What is to be committed.</summary>
    public Commit Commit { get; private set; } = null!;

    /// <summary>As <see cref="CommitSize.Of"/> counts.</summary>
    public int Bytes { get; private set; }

    /// <summary>When the commit was called for, by the TimeProvider's timestamp.</summary>
    public long CalledAt { get; private set; }

    /// <summary>Rows it takes in the journal: one an event, or one.</summary>
    public int Rows { get; private set; }

    /// <summary>The position of its first row, given out when the packet is built.</summary>
    public long FirstPosition { get; set; }

    /// <summary>How it ended, or null while that is open.</summary>
    public CommitStatus? Status { get; set; }

    /// <summary>Takes the place for a commit; its outcome completes the task.</summary>
    public Task<CommitResult> Use(Commit commit, int bytes, long now)
    {
        if (Interlocked.Exchange(ref _taken, 1) != 0)
            throw new InvalidOperationException("A reservation serves one commit, and only until it is disposed.");
        (Commit, Bytes, CalledAt, Rows) = (commit, bytes, now, Math.Max(1, commit.Events.Count));
        _outcome = new TaskCompletionSource<CommitResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        return _outcome.Task;
    }

    /// <summary>
    /// Gives the place back and tells the caller; on the pool, so that no caller runs on the lane's thread.
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
