using System.Diagnostics;

namespace GroupBuyActors.Benchmarks.Cluster;

/// <summary>
/// Silos of a loaded cluster die or stop, one at a time, and are started again once every group has answered. Of each
/// group the longest time between two answers counts, from before the event until the silo is ready again.
/// </summary>
internal sealed class Failover(LoadedCluster cluster, Random dice, Action<string> tell)
{
    /// <summary>kill -9 of a silo that has groups.</summary>
    public Task<Gaps> KillAsync(int times, CancellationToken cancellation) =>
        RepeatAsync(times, "killed", cluster.System.KillAsync, cancellation);

    /// <summary>SIGTERM of a silo that has groups, as a rolling update sends it.</summary>
    public Task<Gaps> DrainAsync(int times, CancellationToken cancellation) =>
        RepeatAsync(
            times,
            "stopped",
            async silo =>
            {
                var watch = Stopwatch.StartNew();
                if (await cluster.System.StopAsync(silo) is not 0)
                    throw new InvalidOperationException(
                        $"A silo did not stop by itself after {watch.Elapsed}.\n{cluster.System.Silos[silo].Tail()}"
                    );
            },
            cancellation
        );

    private async Task<Gaps> RepeatAsync(int times, string what, Func<int, Task> end, CancellationToken cancellation)
    {
        var gaps = new Gaps();
        for (var number = 1; number <= times; number++)
        {
            await Task.Delay(dice.Next(500, 1_500), cancellation);
            var where = await cluster.LocateAsync();
            var hosts = where.Values.Where(silo => silo >= 0).Distinct().Order().ToList();
            var silo = hosts[dice.Next(hosts.Count)];
            cluster.Begin();
            var moment = Stopwatch.GetTimestamp();
            await end(silo);
            await cluster.WaitForAnswersAsync(moment, cancellation);
            var answered = Stopwatch.GetElapsedTime(moment);
            await cluster.System.RestartAsync(silo);
            var again = Stopwatch.GetElapsedTime(moment);
            gaps.Add(
                cluster.Callers.Select(caller => (caller.LongestGap(), where.GetValueOrDefault(caller, -1) == silo))
            );
            tell(
                $"{number} of {times}: {cluster.System.Silos[silo].Settings.Name} {what}, with "
                    + $"{where.Values.Count(at => at == silo)} of {where.Count} groups; all answered after "
                    + $"{answered.TotalSeconds:0.00} s, ready again after {again.TotalSeconds:0.0} s, longest gap so "
                    + $"far {gaps.Longest.TotalMilliseconds:0} ms"
            );
        }
        return gaps;
    }
}
