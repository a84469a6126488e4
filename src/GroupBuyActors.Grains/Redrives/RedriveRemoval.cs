using GroupBuyActors.Activations;
using GroupBuyActors.Reading;
using GroupBuyActors.Relay;
using GroupBuyActors.Store.Retention;

namespace GroupBuyActors.Redrives;

/// <summary>
/// The end of a redrive's data. Its events may be as many as its pages: all but the last are removed a part at a time,
/// after a snapshot that a crash between two parts is survived by.
/// </summary>
internal sealed class RedriveRemoval(
    DurableActor<RedriveState, RedriveCommand, ActorResult<RedriveEvent>> actor,
    IActorHost host,
    IActorReader reader,
    RedriveBehavior behavior,
    OldActors oldActors,
    StreamRelay relay
)
{
    private const int RowsAtOnce = 500;

    private readonly ActorRemoval<RedriveState, RedriveCommand, ActorResult<RedriveEvent>> _removal = new(
        actor,
        host,
        "The redrive's retention period is over."
    );

    private bool _hasSnapshot;
    private long _removedTo;

    public Task<bool?> RemoveAsync(DateTimeOffset before) =>
        _removal.RemoveAsync(
            state => state is { IsRunning: false, Sequence: > 0 } && state.UpdatedAt < before,
            RemovePartAsync
        );

    private async Task<bool?> RemovePartAsync(RedriveState state)
    {
        if (!_hasSnapshot)
            await reader.WriteSnapshotAsync(
                state.Actor,
                state.Sequence,
                behavior.Snapshot(state),
                CancellationToken.None
            );
        _hasSnapshot = true;
        var sinks = relay.DurableSinks;
        var (_, next) = await oldActors.RemoveEventsAsync(
            state.Actor,
            _removedTo,
            state.Sequence,
            sinks,
            RowsAtOnce,
            CancellationToken.None
        );
        if (next is not { } removedTo)
            return await oldActors.RemoveAsync(state.Actor, state.Sequence, sinks, CancellationToken.None);
        _removedTo = removedTo;
        return false;
    }
}
