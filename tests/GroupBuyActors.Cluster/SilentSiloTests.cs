using System.Diagnostics;
using System.Globalization;
using GroupBuyActors.Cluster.Load;
using GroupBuyActors.Testing.Silos;
using Xunit;

namespace GroupBuyActors.Cluster;

/// <summary>
/// A silo that nothing is heard of, and that no closed connection proves dead: it is evicted by the others' probes.
/// Where only processor time is missing, nobody is.
/// </summary>
/// <remarks>
/// <c>GROUPBUY_BUSY_SECONDS</c> says for how long all cores are busy (default 6): some minutes show more than the suite
/// has time for.
/// </remarks>
public sealed class SilentSiloTests(ThreeSilos cluster, ITestOutputHelper output) : IClassFixture<ThreeSilos>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TestedSystem _system = cluster.System;

    [Fact]
    public async Task GroupsOfAFrozenSiloLiveElsewhereAndItCommitsNothingOnceItThaws()
    {
        var frozen = _system.Silos[2];
        await using var joins = await SteadyJoins.StartAsync([_system.Silos[0], _system.Silos[1]], 24, "frozen");
        var streams = await TextAsync("select group_concat(id) from stream where silo_slot = 'silo-3' and state = 1");
        Assert.True(await CommitsAsync(streams) > 0, "It has no groups.");
        var since = TimeProvider.System.GetTimestamp();
        await frozen.FreezeAsync();
        await joins.AllAnsweredSinceAsync(since, Patience);
        Tell($"Every group answered {Seconds(since)} s after the freeze.");
        Assert.Equal(0, await NumberAsync($"select count(*) from stream where id in ({streams}) and state = 1"));

        var before = await CommitsAsync(streams);
        var thawed = TimeProvider.System.GetTimestamp();
        await frozen.ThawAsync();
        var status = await frozen.WaitForExitAsync(Patience);
        Assert.True(status is not (null or 0), $"It ended with {status}.\n{frozen.Tail()}");
        Tell($"It exited with {status}, {Seconds(thawed)} s after it thawed.");
        Assert.Equal(before, await CommitsAsync(streams));
        await joins.StopAsync();
        var orders = await NumberAsync(
            "select count(*) from journal where type = 'order.placed' and actor_id like '%.frozen'"
        );
        Assert.True(orders >= joins.Acknowledged.Count, $"{joins.Acknowledged.Count} acknowledged, {orders} there.");
        await _system.RestartAsync(2);
    }

    [Fact]
    public async Task NobodyIsEvictedWhileAllCoresAreBusy()
    {
        var seconds = double.Parse(
            Environment.GetEnvironmentVariable("GROUPBUY_BUSY_SECONDS") ?? "6",
            CultureInfo.InvariantCulture
        );
        await using var joins = await SteadyJoins.StartAsync(_system.Silos, 24, "busy");
        var acknowledged = joins.Acknowledged.Count;
        using (new BusyCores(4 * Environment.ProcessorCount))
            await Task.Delay(TimeSpan.FromSeconds(seconds));
        Tell($"{joins.Acknowledged.Count - acknowledged} joins while all cores were busy for {seconds} s.");
        Assert.All(_system.Silos, silo => Assert.False(silo.HasExited, silo.Tail()));
        Assert.Equal(3, await NumberAsync("select count(*) from OrleansMembershipTable where Status = 3"));
        await joins.AllAnsweredSinceAsync(TimeProvider.System.GetTimestamp(), Patience);
    }

    private Task<long> CommitsAsync(string streams) =>
        NumberAsync($"select count(*) from journal where stream in ({streams})");

    private async Task<long> NumberAsync(string sql) => long.Parse(await TextAsync(sql), CultureInfo.InvariantCulture);

    private async Task<string> TextAsync(string sql) =>
        Convert.ToString(await _system.Database!.ScalarAsync(_system.DatabaseName, sql), CultureInfo.InvariantCulture)!;

    private void Tell(string what) => output.WriteLine(what);

    private static string Seconds(long since) =>
        TimeProvider.System.GetElapsedTime(since).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);

    /// <summary>Processes that do nothing but use a core, at the priority of everybody else.</summary>
    private sealed class BusyCores : IDisposable
    {
        private readonly List<Process> _processes;

        public BusyCores(int count) =>
            _processes = [
                .. Enumerable.Range(0, count).Select(_ => Process.Start("sh", ["-c", "while :; do :; done"])),
            ];

        public void Dispose()
        {
            foreach (var process in _processes)
            {
                process.Kill();
                process.Dispose();
            }
        }
    }
}
