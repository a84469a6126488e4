using GroupBuyActors.Committing;

namespace GroupBuyActors.Groups;

/// <summary>
/// Snapshots keep activation cheap. One is serialised in a turn, at the sequence the state has then, and written only
/// after that sequence is acknowledged: written earlier it could hold what never happened.
/// </summary>
internal sealed partial class GroupGrain
{
    private long _snapshotSequence;
    private Task _snapshotting = Task.CompletedTask;

    /// <summary>
    /// Due when the tail outgrows a share of the state, so that all snapshots of a group together cost no more than its
    /// events.
    /// </summary>
    private void ConsiderSnapshot(Task<CommitResult> head)
    {
        if (!_snapshotting.IsCompleted)
            return;
        var tail = _state.Sequence - _snapshotSequence;
        if (tail <= services.Options.SnapshotTailMin || tail <= _state.OrderCount / 2)
            return;
        _snapshotting = WriteWhenCommitted(_state.Sequence, GroupSnapshot.Write(_state), head);
    }

    private async Task WriteWhenCommitted(long sequence, byte[] snapshot, Task<CommitResult> head)
    {
        if ((await head).Status == CommitStatus.Committed)
            await Write(sequence, snapshot, CancellationToken.None);
    }

    private async Task SnapshotAsleep(CancellationToken cancellation)
    {
        await _snapshotting
            .WaitAsync(services.Options.DrainBound, services.Time, cancellation)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (
            _snapshotting.IsCompleted
            && _state.Sequence == _durable
            && _state.Sequence - _snapshotSequence > services.Options.SnapshotTailAsleep
        )
            await Write(_state.Sequence, GroupSnapshot.Write(_state), cancellation);
    }

    private async Task Write(long sequence, byte[] snapshot, CancellationToken cancellation)
    {
        try
        {
            await services.Reader.WriteSnapshotAsync(_state.Actor, sequence, snapshot, cancellation);
            _snapshotSequence = Math.Max(_snapshotSequence, sequence);
        }
        catch (Exception e)
        {
            // The tail still has everything; the next snapshot is due when it has grown further.
            GroupLog.SnapshotFailed(services.Log, e, _id, sequence);
            _snapshotSequence = Math.Max(_snapshotSequence, sequence - services.Options.SnapshotTailMin / 2);
        }
    }
}
