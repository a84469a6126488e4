using System.Diagnostics;

namespace GroupBuyActors.Benchmarks.Cluster;

/// <summary>
/// Silos of a loaded cluster die or stop, one at a time, and are started again once every group has answered. Of each
/// group the longest time between two answers counts: from before a silo's end until all groups have answered and a
/// moment longer, and apart from that while the silo starts again and joins.
/// </summary>
internal sealed class Failover(LoadedCluster cluster, Random dice, Action<string> tell)
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    /// <summary>kill -9 of a silo that has groups.</summary>
    public Task<(Gaps End, Gaps Start)> KillAsync(int times, CancellationToken cancellation) =>
        RepeatAsync(times, "killed", cluster.System.KillAsync, cancellation);

    /// <summary>SIGTERM of a silo that has groups, as a rolling update sends it.</summary>
    public Task<(Gaps End, Gaps Start)> DrainAsync(int times, CancellationToken cancellation) =>
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

    private async Task<(Gaps End, Gaps Start)> RepeatAsync(
        int times,
        string what,
        Func<int, Task> end,
        CancellationToken cancellation
    )
    {
        var (ends, starts) = (new Gaps(), new Gaps());
        for (var number = 1; number <= times; number++)
        {
            await Task.Delay(dice.Next(500, 1_500), cancellation);
            var where = await cluster.LocateAsync();
            var hosts = where.Values.Where(silo => silo >= 0).Distinct().Order().ToList();
            var silo = hosts[dice.Next(hosts.Count)];
            var (answered, longest) = await MeasureAsync(ends, where, silo, end, cancellation);
            var (ready, _) = await MeasureAsync(starts, where, silo, cluster.System.RestartAsync, cancellation);
            tell(
                $"{number} of {times}: {cluster.System.Silos[silo].Settings.Name} {what}, with "
                    + $"{where.Values.Count(at => at == silo)} of {where.Count} groups; all answered after "
                    + $"{answered.TotalSeconds:0.00} s, longest gap {longest.TotalMilliseconds:0} ms; ready again "
                    + $"{ready.TotalSeconds:0.0} s after its start"
            );
        }
        return (ends, starts);
    }

    /// <summary>Gives after what time all groups had answered, and the longest gap of any.</summary>
    private async Task<(TimeSpan Answered, TimeSpan Longest)> MeasureAsync(
        Gaps gaps,
        IReadOnlyDictionary<GroupCaller, int> where,
        int silo,
        Func<int, Task> act,
        CancellationToken cancellation
    )
    {
        cluster.Begin();
        var moment = Stopwatch.GetTimestamp();
        await act(silo);
        await cluster.WaitForAnswersAsync(moment, cancellation);
        var answered = Stopwatch.GetElapsedTime(moment);
        // A group may have answered before all that follows has happened.
        await Task.Delay(Moment, cancellation);
        var each = cluster
            .Callers.Select(caller => (caller.LongestGap(), where.GetValueOrDefault(caller, -1) == silo))
            .ToList();
        gaps.Add(each);
        return (answered, each.Max(gap => gap.Item1));
    }
}
