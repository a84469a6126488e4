using System.Globalization;
using GroupBuyActors.Testing;
using GroupBuyActors.Testing.Silos;
using Xunit;

namespace GroupBuyActors.Cluster.Databases;

/// <summary>
/// A standby is promoted that lacks the last transactions of the old primary, although they were acknowledged: what
/// asynchronous replication leaves behind.
/// </summary>
public sealed class DatabaseFailoverTests(ITestOutputHelper output)
{
    private const int ExitFenced = 70;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task EverySiloStopsOnADatabaseThatLostCommitsAndServesItConsistentlyAfterARestart()
    {
        await using var system = await TestedSystem.OnMariaDbThroughProxyAsync(3);
        Assert.SkipWhen(system.Database!.IsExternal, "The database server's files are not ours to copy.");
        var seed = Seed.Draw();
        output.WriteLine($"Seed {seed}");
        await using var before = new JoinLoad(system.Addresses, groups: 40, seed, "before");
        try
        {
            await before.PublishAsync(TimeSpan.FromMinutes(30));
            before.Start();
            await before.EveryGroupIsJoinedAsync(before.Now, Patience);
            await using var copy = await system.Database.CopyAsync();
            var stored = await JournalAsync(copy, system);
            // Every silo commits what the copy does not have.
            await before.EveryGroupIsJoinedAsync(before.Now, Patience);
            system.Proxy!.Redirect(copy);
            system.Proxy.CutAll();
            foreach (var silo in system.Silos)
                Assert.Equal(ExitFenced, await silo.WaitForExitAsync(Patience));
            await before.StopAsync();
            Assert.Contains(system.Silos, silo => silo.Tail(int.MaxValue).Contains("[2118]", StringComparison.Ordinal));
            Assert.All(
                system.Silos,
                silo => Assert.Contains("[2107]", silo.Tail(int.MaxValue), StringComparison.Ordinal)
            );
            // None of them wrote on top of what it lost.
            Assert.Equal(stored, await JournalAsync(copy, system));

            for (var silo = 0; silo < system.Silos.Count; silo++)
                await system.LaunchAsync(silo);
            for (var silo = 0; silo < system.Silos.Count; silo++)
                await system.ReadyAsync(silo);
            await using var after = new JoinLoad(system.Addresses, groups: 40, seed, "after");
            after.Start();
            await after.EveryGroupIsJoinedAsync(after.Now, Patience);
            await after.StopAsync();
            await after.RepeatAsync();
            var kept = await OrdersAsync(copy, system, "before");
            output.WriteLine($"{before.Orders.Count} orders were acknowledged, {kept} were kept.");
            Assert.True(kept < before.Orders.Count, "Nothing was lost, so that this proves nothing.");
            Assert.Empty(await after.CompareAsync(copy, system.DatabaseName!));
        }
        catch
        {
            system.KeepsFiles = true;
            output.WriteLine($"Logs are kept in {system.Directory}.\n{system.Tails()}");
            throw;
        }
    }

    private static async Task<long> JournalAsync(MariaDbServer database, TestedSystem system) =>
        Convert.ToInt64(
            await database.ScalarAsync(system.DatabaseName, "select count(*) from journal"),
            CultureInfo.InvariantCulture
        );

    private static async Task<long> OrdersAsync(MariaDbServer database, TestedSystem system, string buyers) =>
        Convert.ToInt64(
            await database.ScalarAsync(
                system.DatabaseName,
                $"select count(*) from journal where type='order.placed' and payload like '%\"userId\":\"{buyers}-%'"
            ),
            CultureInfo.InvariantCulture
        );
}
