using System.Diagnostics;
using System.Globalization;
using GroupBuyActors.Benchmarks.Harness;
using GroupBuyActors.Testing;
using GroupBuyActors.Testing.Silos;

namespace GroupBuyActors.Benchmarks.Cluster;

/// <summary>
/// Three silos without a caller, and many groups that sleep in the database: how many statements the database is sent,
/// counted by itself, and which.
/// </summary>
internal static class IdleCluster
{
    private const int Silos = 3;
    private const int KindsShown = 25;
    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(10);

    public static async Task RunAsync(
        BenchmarkOptions options,
        Report report,
        Action<string> tell,
        CancellationToken cancellation
    )
    {
        var count = options.Number("--sleeping", options.Quick ? 20_000 : 1_000_000, 0, 10_000_000);
        await using var system = await LoadedCluster.StartSilosAsync(options, Silos);
        await SleepAsync(system, count, tell);
        for (var silo = 0; silo < Silos; silo++)
            await system.LaunchAsync(silo);
        for (var silo = 0; silo < Silos; silo++)
            await system.ReadyAsync(silo);
        tell($"{Silos} silos with {count:N0} sleeping groups: {system.DescribeStartUps()}");
        await Task.Delay(TimeSpan.FromSeconds(options.Quick ? 20 : 60), cancellation);

        await using var statements = await StatementCounter.ConnectAsync(system.Database!);
        var window = TimeSpan.FromSeconds(options.Quick ? 20 : 60);
        var watch = Stopwatch.StartNew();
        await statements.BeginAsync();
        await Task.Delay(window, cancellation);
        var rate = await statements.CountAsync() / watch.Elapsed.TotalSeconds;
        report.Measure("cluster.idle_statements_per_s", rate);

        await statements.LogAsync();
        watch.Restart();
        await Task.Delay(window, cancellation);
        var kinds = await statements.KindsAsync();
        var logged = watch.Elapsed.TotalSeconds;
        report.Note(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Idle: {Silos} silos with {count:N0} sleeping groups send {rate:0.0} statements/s, each "
                    + $"of a packet counted; by kind, over the {logged:0} s that follow:"
            )
        );
        foreach (var (kind, times) in kinds.Take(KindsShown))
            report.Note(string.Create(CultureInfo.InvariantCulture, $"  {times / logged, 7:0.00}/s  {kind}"));
        if (kinds.Count > KindsShown)
            report.Note(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {kinds.Skip(KindsShown).Sum(kind => kind.Count) / logged, 7:0.00}/s  "
                        + $"{kinds.Count - KindsShown} further kinds"
                )
            );
    }

    private static async Task SleepAsync(TestedSystem system, int count, Action<string> tell)
    {
        var groups = new SleepingGroups(system.Database!, system.DatabaseName!);
        await groups.PublishAsync(system.Silos[0].Address);
        await Task.WhenAll(Enumerable.Range(0, Silos).Select(system.StopAsync));
        var (watch, told) = (Stopwatch.StartNew(), TimeSpan.Zero);
        await groups.CopyAsync(
            count,
            there =>
            {
                if (watch.Elapsed - told < TellEvery)
                    return;
                told = watch.Elapsed;
                tell($"{there:N0} of {count:N0} sleeping groups after {told.TotalSeconds:0} s");
            }
        );
        tell($"{count:N0} sleeping groups written in {watch.Elapsed.TotalSeconds:0.0} s");
    }
}
