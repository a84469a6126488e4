using GroupBuyActors.Benchmarks.Harness;
using GroupBuyActors.Benchmarks.Joins;

namespace GroupBuyActors.Benchmarks.Cluster;

/// <summary>
/// Joins over HTTP with one, two and three silos, all on this machine with its callers and its database: what being
/// distributed costs, not what more machines give.
/// </summary>
internal static class SiloCounts
{
    private const int SilosMax = 3;
    private const int Callers = 64;

    /// <summary>Measures each number of silos on groups of its own, published once that many are there.</summary>
    public static async Task RunAsync(BenchmarkOptions options, Report report, CancellationToken cancellation)
    {
        await using var system = await LoadedCluster.StartSilosAsync(options, 1);
        for (var silos = 1; silos <= SilosMax; silos++)
        {
            if (silos > 1)
                await system.ReadyAsync(system.Add());
            var workload = new JoinWorkload(options.Quick ? 100 : 600, options.Seed + silos);
            await using (
                var orleans = await OrleansConnection.OpenAsync(
                    system.Silos[0].Settings.GatewayPort,
                    "groupbuy",
                    cancellation
                )
            )
                await workload.PublishAsync(orleans.Grains, cancellation);
            var part = workload.NextPart();
            var callers = system.Addresses.Select(address => new HttpJoins(address, Callers)).ToList();
            ProcessorMeter[] meters =
            [
                new("client", Environment.ProcessId),
                .. system.Silos.Select(silo => new ProcessorMeter(silo.Settings.Name, silo.ProcessId)),
                new("database", system.Database!.ProcessId),
            ];
            var row = await new ClosedLoop(
                Callers,
                options.WarmUp + options.Settling,
                options.Window,
                options.Seed
            ).RunAsync(
                $"joins over HTTP, {silos} silo{(silos == 1 ? "" : "s")}",
                caller =>
                {
                    var join = JoinWorkload.NextJoin(caller, part);
                    return callers[caller.Index % callers.Count]
                        .JoinAsync(workload.Pick(caller), join.UserId, join.Request!.Id);
                },
                meters,
                cancellation
            );
            report.Add(row);
            foreach (var caller in callers)
                caller.Dispose();
        }
        report.Note(
            "Joins with 1, 2 and 3 silos: silos, callers and database share this machine's "
                + $"{Environment.ProcessorCount} cores, so more silos cannot be faster here; the differences are what "
                + "calls between silos cost (with n silos (n-1)/n of the calls arrive at another silo than "
                + "the group's)."
        );
    }
}
