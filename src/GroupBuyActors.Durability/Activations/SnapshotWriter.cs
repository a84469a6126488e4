using GroupBuyActors.Committing;

namespace GroupBuyActors.Activations;

/// <summary>
/// Snapshots keep activation cheap. One is serialised in a turn, at the sequence that the state has then, and written
/// only after that sequence is acknowledged: written earlier it could hold what never happened.
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

    /// <summary>Called in a turn that decided something: begins a snapshot where one is due.</summary>
    public void Consider(Task<CommitResult> head)
    {
        if (!_writing.IsCompleted)
            return;
        var tail = state.Sequence - _written;
        if (tail <= services.Bounds.SnapshotTailMin || tail <= behavior.SnapshotTail(state))
            return;
        _writing = WriteOnceCommittedAsync(state.Sequence, behavior.Format.Snapshot(state), head);
    }

    /// <summary>Called before the actor sleeps, with what is durable of it.</summary>
    public async Task WriteAsleepAsync(long durable, CancellationToken cancellation)
    {
        await _writing
            .WaitAsync(services.Bounds.Drain, services.Time, cancellation)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (
            _writing.IsCompleted
            && state.Sequence == durable
            && state.Sequence - _written > services.Bounds.SnapshotTailAsleep
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
            // The tail still has everything; the next snapshot is due when it has grown further.
            behavior.Report(state.Actor, new ActorFailure.SnapshotFailed(sequence, e));
            _written = Math.Max(_written, sequence - services.Bounds.SnapshotTailMin / 2);
        }
    }
}
