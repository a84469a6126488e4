using System.Diagnostics;
using System.Globalization;
using GroupBuyActors.Cluster.Checks;
using GroupBuyActors.Cluster.Load;
using GroupBuyActors.TestActors;
using GroupBuyActors.Testing.Silos;
using Xunit;

namespace GroupBuyActors.Cluster;

/// <summary>
/// kill -9 at random moments under load, of the processes that people run, on groups and on accounts, which are another
/// kind of actors. The seed chooses campaigns, deposits and moments; it is printed, and <c>GROUPBUY_SEED</c> sets it.
/// <c>GROUPBUY_KILLS</c> sets how many kills a series has (default 20), and <c>GROUPBUY_DATABASE_KILLS</c> how many of
/// the database server (default 3), for a long night or a short look.
/// </summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    private static readonly int Kills = Number("GROUPBUY_KILLS") ?? 20;
    private static readonly int DatabaseKills = Number("GROUPBUY_DATABASE_KILLS") ?? 3;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(45);

    private readonly int _seed = Seed.Draw();

    [Fact]
    public async Task NothingAcknowledgedIsLostWhenASiloOnSqliteIsKilledTwentyTimes()
    {
        await using var system = await TestedSystem.OnSqliteAsync(SiloWithAccounts.Environment);
        await UnderLoadAsync(system, KillTheOnlySiloAsync);
    }

    [Fact]
    public async Task NothingAcknowledgedIsLostWhenASiloOnMariaDbIsKilledTwentyTimes()
    {
        await using var system = await TestedSystem.OnMariaDbAsync(1, SiloWithAccounts.Environment);
        await UnderLoadAsync(system, KillTheOnlySiloAsync);
    }

    [Fact]
    public async Task NothingAcknowledgedIsLostWhenOneOfThreeSilosIsKilledAtATimeTwentyTimes()
    {
        await using var system = await TestedSystem.OnMariaDbAsync(3, SiloWithAccounts.Environment);
        await UnderLoadAsync(
            system,
            async (running, ledger, dice) =>
            {
                for (var kill = 0; kill < Kills; )
                {
                    await AWhileAsync(ledger, dice);
                    kill += await KillAndRestartAsync(running, dice.Next(running.Silos.Count), dice);
                }
            }
        );
    }

    [Fact]
    public async Task NothingAcknowledgedIsLostWhenTheDatabaseServerDiesAndWhenAllSilosDieAtOnce()
    {
        await using var system = await TestedSystem.OnMariaDbAsync(3, SiloWithAccounts.Environment);
        Assert.SkipWhen(system.Database!.IsExternal, "The database server is not ours to kill.");
        await UnderLoadAsync(
            system,
            async (running, ledger, dice) =>
            {
                for (var kill = 0; kill < DatabaseKills; kill++)
                {
                    await AWhileAsync(ledger, dice);
                    await running.Database!.KillAsync();
                    await Task.Delay(dice.Next(0, 1_500));
                    await running.Database.RestartAsync();
                }
                for (var kill = 0; kill < 2; kill++)
                {
                    await AWhileAsync(ledger, dice);
                    await Task.WhenAll(Enumerable.Range(0, running.Silos.Count).Select(running.KillAsync));
                    for (var silo = 0; silo < running.Silos.Count; silo++)
                        await running.LaunchAsync(silo);
                    for (var silo = 0; silo < running.Silos.Count; silo++)
                        await running.ReadyAsync(silo);
                }
            }
        );
    }

    private static async Task KillTheOnlySiloAsync(TestedSystem system, Ledger ledger, Random dice)
    {
        for (var kill = 0; kill < Kills; )
        {
            await AWhileAsync(ledger, dice);
            kill += await KillAndRestartAsync(system, 0, dice);
        }
    }

    /// <summary>
    /// Kills a silo and starts it again; every other time it dies once more while it starts. Gives how often it was
    /// killed.
    /// </summary>
    private static async Task<int> KillAndRestartAsync(TestedSystem system, int silo, Random dice)
    {
        await system.KillAsync(silo);
        var kills = 1;
        if (dice.Next(2) == 0)
        {
            await system.LaunchAsync(silo);
            await Task.Delay(dice.Next(200, 1_500));
            await system.KillAsync(silo);
            kills++;
        }
        await system.RestartAsync(silo);
        return kills;
    }

    /// <summary>
    /// A random moment under load: some time and some answers after the last, so that a slow machine proves something,
    /// too.
    /// </summary>
    private static async Task AWhileAsync(Ledger ledger, Random dice)
    {
        var (answers, time) = (ledger.Acknowledged + dice.Next(1, 30), Stopwatch.StartNew());
        await Task.Delay(dice.Next(50, 500));
        while (ledger.Acknowledged < answers && time.Elapsed < TimeSpan.FromSeconds(5))
            await Task.Delay(5);
    }

    private async Task UnderLoadAsync(TestedSystem system, Func<TestedSystem, Ledger, Random, Task> disturb)
    {
        output.WriteLine($"Seed {_seed}");
        var clock = Stopwatch.StartNew();
        var ledger = new Ledger();
        using var edge = new Edge(system.Addresses) { Complain = ledger.Complain };
        var auditor = new Auditor(edge, ledger);
        var crowd = new Crowd(edge, ledger, _seed);
        await using var accounts = await AccountClient.ConnectAsync(system);
        var depositors = new Depositors(accounts, ledger.Complain, _seed);
        var accountAudit = new AccountAudit(new AccountTables(system), accounts);
        try
        {
            using var enough = new CancellationTokenSource();
            crowd.Start();
            depositors.Start();
            var watching = auditor.WatchBooksAsync(enough.Token);
            await disturb(system, ledger, new Random(_seed));
            // Life goes on after the last of it, and then comes to an end.
            await Task.Delay(500);
            await enough.CancelAsync();
            await crowd.StopAsync();
            await depositors.StopAsync();
            crowd.ThrowIfBroken();
            var looked = await watching;
            output.WriteLine(
                $"{clock.Elapsed.TotalSeconds:0} s of load: {ledger.Campaigns.Count} campaigns, "
                    + $"{ledger.Purchases.Count} orders, {ledger.Acknowledged} acknowledged calls, "
                    + $"{depositors.Answered.Count} deposits, "
                    + $"{edge.Unknown} tries with an unknown outcome, books read {looked} times; "
                    + $"{system.DescribeStartUps()}"
            );

            var open = await auditor.WaitUntilSettledAsync(Settling);
            output.WriteLine($"settled after {clock.Elapsed.TotalSeconds:0} s");
            if (!await accountAudit.WaitUntilSettledAsync(Settling))
                open ??= "accounts have tasks";
            List<string> faults =
            [
                .. await auditor.AuditAsync(),
                .. await accountAudit.AuditAsync(depositors.Answered),
            ];
            output.WriteLine($"audited after {clock.Elapsed.TotalSeconds:0} s");
            if (open is not null || faults.Count > 0)
                Assert.Fail(
                    $"Seed {_seed}.\n{(open is null ? "" : $"Not settled: {open}\n")}{faults.Count} faults:\n  "
                        + $"{string.Join("\n  ", faults.Take(60))}"
                );
            // A run in which little happened proves little.
            Assert.True(
                ledger.Purchases.Count > 2 * Kills
                    && ledger.Campaigns.Count > Kills / 2
                    && depositors.Answered.Count > 2 * Kills,
                $"only {ledger.Purchases.Count} orders in {ledger.Campaigns.Count} campaigns, and "
                    + $"{depositors.Answered.Count} deposits"
            );
        }
        catch (Exception e)
        {
            system.KeepsFiles = true;
            output.WriteLine(
                $"{e.GetType().Name} with seed {_seed}; logs are kept in {system.Directory}. Complaints:\n  "
                    + $"{string.Join("\n  ", ledger.Complaints)}\n{system.Tails()}"
            );
            throw;
        }
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
