using GroupBuyActors.Activations;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Projections;

namespace GroupBuyActors.Groups;

/// <summary>Builds a group's state from its newest snapshot and the events after it.</summary>
internal static class GroupLoader
{
    /// <summary>
    /// Loads a group in one round trip; throws <see cref="Events.UnknownEventException"/> if a newer release wrote it.
    /// </summary>
    public static async Task<(GroupState State, long SnapshotSequence)> LoadAsync(
        IActorReader reader,
        GroupId group,
        CancellationToken cancellation
    )
    {
        var stored = await reader.LoadAsync(group.Actor, cancellation);
        return (Build(group, stored), stored.SnapshotSequence);
    }

    /// <summary>
    /// Builds the state from snapshot and tail; throws if they are incomplete or were written by a newer release.
    /// </summary>
    public static GroupState Build(GroupId group, StoredActor stored) =>
        ActorLoader.Build(GroupFormat.Instance, group.Actor, stored);

    /// <summary>
    /// A group's present row for lists and books; null while it is not published and GET returns 404.
    /// </summary>
    public static GroupRow? RowOf(GroupState state, bool withTerms) =>
        state.View() is { } view ? new GroupRow(view, state.Stock, view.Terms.ShelfAt, withTerms) : null;

    /// <summary>Everything that lists and books contain of a group, to rebuild them.</summary>
    public static ProjectionChange WholeOf(GroupState state) =>
        new(state.Id, state.Sequence, RowOf(state, withTerms: true), [.. state.Payments()]);
}
