using GroupBuyActors.Store.Projections;

namespace GroupBuyActors.Store.Slots;

/// <summary>Writes each group's rows in the database of its merchant slot.</summary>
internal sealed class SlotProjections(SlotStores stores) : IProjections
{
    public Task WriteAsync(IReadOnlyCollection<ProjectionChange> changes, CancellationToken cancellation) =>
        Task.WhenAll(
            changes
                .GroupBy(change => stores.Of(change.Group.Actor))
                .Select(store => store.Key.Projections.WriteAsync([.. store], cancellation))
        );
}
