using System.Diagnostics;
using System.Globalization;
using GroupBuyActors.Cluster.Checks;
using GroupBuyActors.Cluster.Load;
using Xunit;

namespace GroupBuyActors.Cluster;

/// <summary>
/// kill -9 at random moments under load, of the processes that people run. The seed chooses campaigns and moments; it is printed, and
/// <c>GROUPBUY_SEED</c> sets it. <c>GROUPBUY_KILLS</c> sets how many kills a series has (default 20), for a long night or a short look.
/// </summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    private static readonly int Kills = Number("GROUPBUY_KILLS") ?? 20;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(45);

    private readonly int _seed = Number("GROUPBUY_SEED") ?? Random.Shared.Next();

    [Fact]
    public async Task NothingAcknowledgedIsLostWhenASiloOnSqliteIsKilledTwentyTimes()
    {
        await using var system = await TestedSystem.OnSqliteAsync();
        await UnderLoadAsync(system, KillTheOnlySiloAsync);
    }

    [Fact]
    public async Task NothingAcknowledgedIsLostWhenASiloOnMariaDbIsKilledTwentyTimes()
    {
        await using var system = await TestedSystem.OnMariaDbAsync(1);
        await UnderLoadAsync(system, KillTheOnlySiloAsync);
    }

    [Fact]
    public async Task NothingAcknowledgedIsLostWhenOneOfThreeSilosIsKilledAtATimeTwentyTimes()
    {
        await using var system = await TestedSystem.OnMariaDbAsync(3);
        await UnderLoadAsync(system, async (running, ledger, dice) =>
        {
            for (var kill = 0; kill < Kills; kill++)
            {
                await AWhileAsync(ledger, dice);
                var victim = dice.Next(running.Silos.Count);
                await running.KillAsync(victim);
                await Task.Delay(dice.Next(0, 300));
                await running.RestartAsync(victim);
            }
        });
    }

    [Fact]
    public async Task NothingAcknowledgedIsLostWhenTheDatabaseServerIsKilled()
    {
        await using var system = await TestedSystem.OnMariaDbAsync(2);
        Assert.SkipWhen(system.Database!.IsExternal, "The database server is not ours to kill.");
        await UnderLoadAsync(system, async (running, ledger, dice) =>
        {
            for (var kill = 0; kill < 4; kill++)
            {
                await AWhileAsync(ledger, dice);
                await running.Database!.KillAsync();
                await Task.Delay(dice.Next(0, 1_500));
                await running.Database.RestartAsync();
            }
        });
    }

    [Fact]
    public async Task NothingAcknowledgedIsLostWhenAllSilosAreKilledAtOnce()
    {
        await using var system = await TestedSystem.OnMariaDbAsync(3);
        await UnderLoadAsync(system, async (running, ledger, dice) =>
        {
            for (var kill = 0; kill < 3; kill++)
            {
                await AWhileAsync(ledger, dice);
                await Task.WhenAll(Enumerable.Range(0, running.Silos.Count).Select(running.KillAsync));
                for (var silo = 0; silo < running.Silos.Count; silo++) await running.LaunchAsync(silo);
                for (var silo = 0; silo < running.Silos.Count; silo++) await running.ReadyAsync(silo);
            }
        });
    }

    private static async Task KillTheOnlySiloAsync(TestedSystem system, Ledger ledger, Random dice)
    {
        for (var kill = 0; kill < Kills; kill++)
        {
            await AWhileAsync(ledger, dice);
            await system.KillAsync(0);
            // A process dies while it starts, too.
            if (dice.Next(4) == 0)
            {
                await system.LaunchAsync(0);
                await Task.Delay(dice.Next(200, 2_000));
                await system.KillAsync(0);
                kill++;
            }
            await system.RestartAsync(0);
        }
    }

    /// <summary>A random moment under load: some time and some answers after the last, so that a slow machine proves something, too.</summary>
    private static async Task AWhileAsync(Ledger ledger, Random dice)
    {
        var (answers, time) = (ledger.Acknowledged + dice.Next(1, 40), Stopwatch.StartNew());
        await Task.Delay(dice.Next(50, 700));
        while (ledger.Acknowledged < answers && time.Elapsed < TimeSpan.FromSeconds(5)) await Task.Delay(5);
    }

    private async Task UnderLoadAsync(TestedSystem system, Func<TestedSystem, Ledger, Random, Task> disturb)
    {
        output.WriteLine($"Seed {_seed}");
        var clock = Stopwatch.StartNew();
        var ledger = new Ledger();
        using var edge = new Edge(system.Addresses) { Complain = ledger.Complain };
        var auditor = new Auditor(edge, ledger);
        var crowd = new Crowd(edge, ledger, _seed);
        try
        {
            using var enough = new CancellationTokenSource();
            crowd.Start();
            var watching = auditor.WatchBooksAsync(enough.Token);
            await disturb(system, ledger, new Random(_seed));
            // Life goes on after the last of it, and then comes to an end.
            await Task.Delay(500);
            await enough.CancelAsync();
            await crowd.StopAsync();
            crowd.ThrowIfBroken();
            var looked = await watching;
            output.WriteLine($"{clock.Elapsed.TotalSeconds:0} s of load: {ledger.Campaigns.Count} campaigns, {ledger.Purchases.Count} orders, {ledger.Acknowledged} acknowledged calls, "
                + $"{edge.Unknown} tries with an unknown outcome, books read {looked} times; {system.DescribeStartUps()}");

            var open = await auditor.WaitUntilSettledAsync(Settling);
            output.WriteLine($"settled after {clock.Elapsed.TotalSeconds:0} s");
            var faults = await auditor.AuditAsync();
            output.WriteLine($"audited after {clock.Elapsed.TotalSeconds:0} s");
            if (open is not null || faults.Count > 0)
                Assert.Fail($"Seed {_seed}.\n{(open is null ? "" : $"Not settled: {open}\n")}{faults.Count} faults:\n  {string.Join("\n  ", faults.Take(60))}");
            // A run in which little happened proves little.
            Assert.True(ledger.Purchases.Count > 5 * Kills && ledger.Campaigns.Count > Kills, $"only {ledger.Purchases.Count} orders in {ledger.Campaigns.Count} campaigns");
        }
        catch (Exception e)
        {
            system.KeepsFiles = true;
            output.WriteLine($"{e.GetType().Name} with seed {_seed}; logs are kept in {system.Directory}. Complaints:\n  {string.Join("\n  ", ledger.Complaints)}\n{system.Tails()}");
            throw;
        }
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : null;
}
