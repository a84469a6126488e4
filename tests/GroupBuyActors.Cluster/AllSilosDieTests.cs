using System.Globalization;
using System.Net;
using GroupBuyActors.Cluster.Load;
using GroupBuyActors.Testing.Silos;
using Xunit;

namespace GroupBuyActors.Cluster;

/// <summary>
/// All silos die at the same moment, so that nobody is left to notice it: the membership table goes on calling them
/// active.
/// </summary>
public sealed class AllSilosDieTests(ThreeSilos cluster, ITestOutputHelper output) : IClassFixture<ThreeSilos>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private readonly TestedSystem _system = cluster.System;

    [Fact]
    public async Task SilosThatStartTogetherAtTheirAddressesDoNotWaitForTheDead()
    {
        var joins = await KillAllAsync("together");
        var started = TimeProvider.System.GetTimestamp();
        for (var silo = 0; silo < 3; silo++)
            await _system.LaunchAsync(silo);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(silo => ReadyAsync(silo, started)));
        await NothingIsLostAsync(joins);
    }

    [Fact]
    public async Task SilosThatStartOneAfterTheOtherAtOtherAddressesDoNotWaitForTheDead()
    {
        var joins = await KillAllAsync("one-by-one");
        var started = TimeProvider.System.GetTimestamp();
        for (var silo = 0; silo < 3; silo++)
        {
            await _system.LaunchElsewhereAsync(silo, IPAddress.Parse($"127.0.0.{10 + silo}"));
            await ReadyAsync(silo, started);
        }

        // Orleans would find out later, and log nothing of this.
        Assert.Contains("[2030]", _system.Silos[0].Tail(1_000), StringComparison.Ordinal);
        await NothingIsLostAsync(joins);
    }

    [Fact]
    public async Task ASiloThatIsOnlyFrozenHoldsUpAStartForSecondsAndExitsOnceItThaws()
    {
        await _system.KillAsync(0);
        await _system.KillAsync(1);
        var frozen = _system.Silos[2];
        await frozen.FreezeAsync();
        var started = TimeProvider.System.GetTimestamp();
        for (var silo = 0; silo < 2; silo++)
        {
            await _system.LaunchElsewhereAsync(silo, IPAddress.Parse($"127.0.0.{20 + silo}"));
            await ReadyAsync(silo, started);
        }

        Assert.Contains("its row shows no sign of life", _system.Silos[0].Tail(1_000), StringComparison.Ordinal);
        await frozen.ThawAsync();
        Assert.True(await frozen.WaitForExitAsync(StartPatience) is not (null or 0), frozen.Tail());
        await _system.RestartAsync(2);
    }

    /// <summary>Kills them while buyers join; returns the orders that were acknowledged.</summary>
    private async Task<IReadOnlyCollection<string>> KillAllAsync(string name)
    {
        await using var joins = await SteadyJoins.StartAsync(_system.Silos, 12, name);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_system.KillAsync));
        await joins.StopAsync();
        return joins.Acknowledged;
    }

    private async Task ReadyAsync(int silo, long started)
    {
        await _system.Silos[silo].WaitUntilReadyAsync(StartPatience);
        output.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Silo {silo + 1} was ready after {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s, "
                    + $"{_system.Silos[silo].StartUp.TotalSeconds:0.0} s after its start."
            )
        );
    }

    /// <summary>Every order is there, and the task that closes it, which became due meanwhile, has run.</summary>
    private async Task NothingIsLostAsync(IReadOnlyCollection<string> orders)
    {
        Assert.NotEmpty(orders);
        using var edge = new Edge(_system.Addresses);
        var waited = TimeProvider.System.GetTimestamp();
        foreach (var order in orders)
            while (await StatusAsync(order) is var status && status != "CLOSED")
            {
                Assert.True(TimeProvider.System.GetElapsedTime(waited) < Patience, $"{order} is still {status}.");
                await Task.Delay(50);
            }

        async Task<string?> StatusAsync(string order)
        {
            var answer = await edge.AskAsync(HttpMethod.Get, $"/v1/orders/{order}");
            return answer.Succeeded ? answer.Body.GetProperty("status").GetString() : answer.ToString();
        }
    }
}
