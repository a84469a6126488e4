using GroupBuyActors.Hosting;
using GroupBuyActors.Retention;
using GroupBuyActors.Store.Slots;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Redrives;

/// <summary>Redrives whose time to be kept is over; each removes itself (<see cref="IRedriveTasks.Remove"/>).</summary>
internal sealed class RetainedRedrives(
    SlotStore store,
    IGrainFactory grains,
    ClusterClock clock,
    TimeProvider time,
    IOptions<GrainsOptions> options
) : RetainedActors<ActorId>(clock, time)
{
    private const int RedrivesAtOnce = 500;
    private ActorId? _last;

    public override string Kind => "redrives";

    public override TimeSpan Interval => TimeSpan.FromHours(1);

    protected override TimeSpan? Kept => options.Value.Retention.Redrives;

    protected override async Task<(IReadOnlyList<ActorId> Found, bool IsLast)> FindAsync(
        DateTimeOffset before,
        CancellationToken cancellation
    )
    {
        (var found, _last) = await store.OldActors.ScanAsync(
            RedriveBehavior.Kind,
            _last,
            before,
            RedrivesAtOnce,
            cancellation
        );
        return (found, _last is null);
    }

    protected override Task<bool?> RemoveAsync(ActorId actor, DateTimeOffset before) =>
        grains.GetGrain<IRedriveTasks>(actor.Key).Remove(before);
}
