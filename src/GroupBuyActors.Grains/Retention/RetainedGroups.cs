using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Store.Retention;
using GroupBuyActors.Store.Slots;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Retention;

/// <summary>
/// Groups whose retention time is over, with all their remaining data. Only groups whose events were removed before are
/// examined; each removes itself (<see cref="IGroupTasks.Remove"/>). Off unless a time is set.
/// </summary>
internal sealed class RetainedGroups(
    SlotStore store,
    IGrainFactory grains,
    ClusterClock clock,
    TimeProvider time,
    IOptions<GrainsOptions> options
) : RetainedActors<GroupId>(clock, time)
{
    private const int RowsWalked = 500;
    private JournalPosition? _position;

    public override string Kind => "groups";

    protected override TimeSpan? Kept => options.Value.Retention.Groups;

    protected override async Task<(IReadOnlyList<GroupId> Found, bool IsLast)> FindAsync(
        DateTimeOffset before,
        CancellationToken cancellation
    )
    {
        (var groups, _position) = await store.OldJournals.ScanAsync(
            _position,
            before,
            isAlone: true,
            RowsWalked,
            cancellation
        );
        return (groups, _position is null);
    }

    protected override Task<bool?> RemoveAsync(GroupId actor, DateTimeOffset before) =>
        grains.GetGrain<IGroupTasks>(actor.Value).Remove(before);
}
