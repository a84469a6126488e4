using System.Diagnostics.Metrics;
using GroupBuyActors.Membership;
using GroupBuyActors.Placement;
using GroupBuyActors.Store.Reading;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Groups;

/// <summary>
/// Counts groups past their time, for whatever reason; on one silo of the cluster, the home of the first shard.
/// </summary>
internal sealed class StuckGroups
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    // Below this it is a task on its way, not a group that is stuck.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly IListings _listings;
    private readonly Homes _homes;
    private readonly SiloAddress _self;
    private readonly ClusterClock _clock;
    private readonly TimeProvider _time;
    private readonly ILogger<StuckGroups> _log;
    private long _count;

    public StuckGroups(
        IListings listings,
        Homes homes,
        ILocalSiloDetails self,
        ClusterClock clock,
        TimeProvider time,
        IMeterFactory meters,
        ILogger<StuckGroups> log
    )
    {
        (_listings, _homes, _self, _clock, _time, _log) = (listings, homes, self.SiloAddress, clock, time, log);
        meters
            .Create("GroupBuyActors")
            .CreateObservableGauge(
                "group_stuck",
                () => Volatile.Read(ref _count),
                description: "Groups that are overdue."
            );
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Interval, _time);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            try
            {
                var mine = _self.Equals(_homes.Of(new ShardId(0)));
                Volatile.Write(
                    ref _count,
                    mine ? await _listings.StuckGroupsAsync(_clock.GetUtcNow() - Patience, cancellation) : 0
                );
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                GroupLog.StuckNotCounted(_log, e);
            }
        }
    }
}
