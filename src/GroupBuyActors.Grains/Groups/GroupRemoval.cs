using GroupBuyActors.Activations;

namespace GroupBuyActors.Groups;

/// <summary>Removes a group's data, with the rows that only groups have.</summary>
internal sealed class GroupRemoval(
    GroupServices services,
    DurableActor<GroupState, GroupCommand, CommandResult> actor,
    IActorHost host
)
{
    private const int RowsAtOnce = 500;

    private readonly ActorRemoval<GroupState, GroupCommand, CommandResult> _removal = new(
        actor,
        host,
        "The group's retention period is over."
    );

    public Task<bool?> RemoveAsync(DateTimeOffset before) =>
        _removal.RemoveAsync(
            state => state.UpdatedAt < before && GroupEnd.IsOver(state, services.Actors.Clock.GetUtcNow()),
            state =>
                services
                    .Stores.Of(state.Id.Actor)
                    .OldJournals.RemoveGroupAsync(
                        state.Id,
                        state.Sequence,
                        services.Relay.DurableSinks,
                        RowsAtOnce,
                        CancellationToken.None
                    )
        );
}
