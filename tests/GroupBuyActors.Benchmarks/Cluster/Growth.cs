using System.Diagnostics;
using System.Globalization;
using GroupBuyActors.Benchmarks.Harness;

namespace GroupBuyActors.Benchmarks.Cluster;

/// <summary>
/// A silo more: which share of the shards and of the groups in memory moves to it, and what callers notice meanwhile.
/// </summary>
internal sealed class Growth(LoadedCluster cluster, BenchmarkOptions options, Action<string> tell)
{
    private const double AtHome = 0.995;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    /// <summary>Adds the silo, waits until nothing moves any more, and reports.</summary>
    public async Task RunAsync(Report report, CancellationToken cancellation)
    {
        var system = cluster.System;
        await using var orleans = await OrleansConnection.OpenAsync(
            system.Silos[0].Settings.GatewayPort,
            "groupbuy",
            cancellation
        );
        var map = new ActiveGroupMap(system, orleans.Grains);
        var published = options.Number("--active", options.Quick ? 300 : 2_000, 0, 100_000);
        await map.PublishAsync(published, cancellation);
        var patience = TimeSpan.FromSeconds(options.Number("--move-wait", options.Quick ? 45 : 120, 1, 3_600));
        await WaitUntilHomeAsync(map, system.Silos.Count, patience, cancellation);
        var (groups, shards) = (await map.GroupsAsync(), await map.ShardsAsync());
        tell($"before: groups {ActiveGroupMap.Describe(groups)}; shards {ActiveGroupMap.Describe(shards)}");

        cluster.Begin();
        var before = await MeasureAsync(options.Window, cancellation);
        cluster.Begin();
        var watch = Stopwatch.StartNew();
        var added = system.Add();
        await system.ReadyAsync(added);
        // A load balancer sends calls to a silo once it is ready.
        cluster.Serve(system.Silos);
        var ready = watch.Elapsed;
        await WaitUntilHomeAsync(map, system.Silos.Count, patience, cancellation);
        var took = watch.Elapsed;
        var (latencies, calls, failed, firstFailure) = cluster.Read();
        var gap = cluster.Callers.Max(caller => caller.LongestGap());
        var (groupsAfter, shardsAfter) = (await map.GroupsAsync(), await map.ShardsAsync());
        tell($"after: groups {ActiveGroupMap.Describe(groupsAfter)}; shards {ActiveGroupMap.Describe(shardsAfter)}");

        var moved = ActiveGroupMap.ShareMoved(groups, groupsAfter);
        report.Measure("cluster.move_share", moved);
        report.Measure("cluster.move_refused", failed);
        report.Note(
            string.Create(
                CultureInfo.InvariantCulture,
                $"A silo more ({system.Silos.Count - 1} to {system.Silos.Count}; 1/n is "
                    + $"{1.0 / system.Silos.Count:0.000}): {moved:0.000} of {groups.Count} groups in memory and "
                    + $"{ActiveGroupMap.ShareMoved(shards, shardsAfter):0.000} of the shards moved. Ready after "
                    + $"{ready.TotalSeconds:0.0} s, nothing moved any more after {took.TotalSeconds:0.0} s; then "
                    + $"{ActiveGroupMap.ShareAtHome(groupsAfter, Names(system.Silos.Count)):P1} of the groups were at "
                    + $"home. Meanwhile {calls} calls, {failed} refused or failed tries"
                    + $"{(firstFailure is null ? "" : $" ({firstFailure})")}, p99 "
                    + $"{latencies.GetValueAtPercentile(99) / 1000.0:0.0} ms (before: {before:0.0} ms), longest gap of "
                    + $"a group {gap.TotalMilliseconds:0} ms."
            )
        );
    }

    private IEnumerable<string> Names(int silos) => cluster.System.Silos.Take(silos).Select(silo => silo.Settings.Name);

    private async Task<double> MeasureAsync(TimeSpan window, CancellationToken cancellation)
    {
        await Task.Delay(window, cancellation);
        return cluster.Read().Latencies.GetValueAtPercentile(99) / 1000.0;
    }

    /// <summary>Waits until groups are at home, or until none has moved for half of the time allowed.</summary>
    private async Task WaitUntilHomeAsync(
        ActiveGroupMap map,
        int silos,
        TimeSpan patience,
        CancellationToken cancellation
    )
    {
        var (best, since, began) = (0.0, Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp());
        while (Stopwatch.GetElapsedTime(began) < patience && Stopwatch.GetElapsedTime(since) < patience / 2)
        {
            var share = ActiveGroupMap.ShareAtHome(await map.GroupsAsync(), Names(silos));
            if (share >= AtHome)
                return;
            if (share > best)
                (best, since) = (share, Stopwatch.GetTimestamp());
            await Task.Delay(LookEvery, cancellation);
        }
    }
}
