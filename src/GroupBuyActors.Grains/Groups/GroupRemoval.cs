using GroupBuyActors.Activations;

namespace GroupBuyActors.Groups;

/// <summary>
/// The end of a group's data. Its activation does it, so that nothing can be decided between the last look and the last
/// row.
/// </summary>
internal sealed class GroupRemoval(
    GroupServices services,
    DurableActor<GroupState, GroupCommand, CommandResult> actor,
    IActorHost host
)
{
    private const int RowsAtOnce = 500;
    private bool _isLeaving;

    public async Task<bool?> RemoveAsync(DateTimeOffset before)
    {
        if (!_isLeaving)
        {
            await actor.ReadyAsync();
            await actor.CommitsCompletedAsync();
            if (actor.State.UpdatedAt >= before || !GroupEnd.IsOver(actor.State, services.Actors.Clock.GetUtcNow()))
                return null;
            // Calls are refused from here on; whoever tries again finds another activation, or nothing.
            _isLeaving = true;
            actor.Close("The group's retention period is over.");
        }

        bool? isGone = null;
        try
        {
            return isGone = await services.OldJournals.RemoveGroupAsync(
                actor.State.Id,
                actor.State.Sequence,
                services.Relay.DurableSinks,
                RowsAtOnce,
                CancellationToken.None
            );
        }
        finally
        {
            if (isGone is not false)
                host.Deactivate();
        }
    }
}
