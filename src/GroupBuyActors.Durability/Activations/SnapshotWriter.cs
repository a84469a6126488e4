using GroupBuyActors.Committing;

namespace GroupBuyActors.Activations;

/// <summary>
/// Writes snapshots, which keep activation cheap. A snapshot is serialised in a turn, at the state's sequence, and
/// written only after that sequence is committed: written earlier, it could contain events that are never stored.
/// </summary>
internal sealed class SnapshotWriter<TState, TCommand, TResult>(
    ActorBehavior<TState, TCommand, TResult> behavior,
    ActorServices services,
    TState state,
    long written
)
    where TState : class, IActorState
    where TCommand : class
    where TResult : ActorResult
{
    private long _written = written;
    private Task _writing = Task.CompletedTask;

    /// <summary>The sequence of the last stored snapshot, 0 for none.</summary>
    public long Written => _written;

    /// <summary>Called in the turn of a decision: begins a snapshot if one is due.</summary>
    public void Consider(Task<CommitResult> head)
    {
        if (!_writing.IsCompleted)
            return;
        var tail = state.Sequence - _written;
        if (tail <= services.Bounds.SnapshotTailMin || tail <= behavior.SnapshotTail(state))
            return;
        _writing = WriteOnceCommittedAsync(state.Sequence, behavior.Format.Snapshot(state), head);
    }

    /// <summary>
    /// Writes a snapshot while the actor still answers, so that the next activation has little to read. Completes with
    /// the one that is being written, if there is one.
    /// </summary>
    public Task WriteAheadAsync(Task<CommitResult> head)
    {
        if (_writing.IsCompleted && state.Sequence - _written > services.Bounds.SnapshotTailOnDeactivation)
            _writing = WriteOnceCommittedAsync(state.Sequence, behavior.Format.Snapshot(state), head);
        return _writing;
    }

    /// <summary>Called while the actor is deactivated, with its last durable sequence.</summary>
    public async Task WriteOnDeactivationAsync(long durable, CancellationToken cancellation)
    {
        await _writing
            .WaitAsync(services.Bounds.Drain, services.Time, cancellation)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (
            _writing.IsCompleted
            && state.Sequence == durable
            && state.Sequence - _written > services.Bounds.SnapshotTailOnDeactivation
        )
            await WriteAsync(state.Sequence, behavior.Format.Snapshot(state), cancellation);
    }

    private async Task WriteOnceCommittedAsync(long sequence, byte[] snapshot, Task<CommitResult> head)
    {
        if ((await head).Status == CommitStatus.Committed)
            await WriteAsync(sequence, snapshot, CancellationToken.None);
    }

    private async Task WriteAsync(long sequence, byte[] snapshot, CancellationToken cancellation)
    {
        try
        {
            await services.Reader.WriteSnapshotAsync(state.Actor, sequence, snapshot, cancellation);
            _written = Math.Max(_written, sequence);
        }
        catch (Exception e)
        {
            // No event is lost, because the tail has them all; the next snapshot is due when the tail has grown
            // further.
            behavior.Report(state.Actor, new ActorFailure.SnapshotFailed(sequence, e));
            _written = Math.Max(_written, sequence - services.Bounds.SnapshotTailMin / 2);
        }
    }
}
