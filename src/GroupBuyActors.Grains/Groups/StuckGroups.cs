using System.Diagnostics.Metrics;
using GroupBuyActors.Background;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Groups;

/// <summary>
/// Counts groups that are overdue for any reason, on one silo of the cluster: the home of the first shard.
/// </summary>
internal sealed class StuckGroups : PeriodicService<long>
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    // A group that is overdue for less than this has a task in progress and is not stuck.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly IGroupQueries _queries;
    private readonly ShardMap _shardMap;
    private readonly ClusterClock _clock;
    private long _count;

    public StuckGroups(IGroupQueries queries, ShardMap shardMap, ClusterClock clock, IMeterFactory meters)
    {
        (_queries, _shardMap, _clock) = (queries, shardMap, clock);
        meters
            .Create("GroupBuyActors")
            .CreateObservableGauge(
                "group_stuck",
                () => Volatile.Read(ref _count),
                description: "Groups that are overdue."
            );
    }

    public override string Name => "stuck-groups";

    public override async Task<long> RunOnceAsync(CancellationToken cancellation)
    {
        var isHome = _shardMap.IsHere(new ShardId(0));
        var count = isHome ? await _queries.StuckGroupsAsync(_clock.GetUtcNow() - Patience, cancellation) : 0;
        Volatile.Write(ref _count, count);
        return count;
    }

    protected override TimeSpan PauseAfter(long result) => Interval;
}
