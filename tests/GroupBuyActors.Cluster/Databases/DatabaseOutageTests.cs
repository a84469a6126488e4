using System.Globalization;
using System.Net;
using GroupBuyActors.Testing.Silos;
using Xunit;

namespace GroupBuyActors.Cluster.Databases;

/// <summary>
/// The database goes away under three silos with callers and timed tasks, and comes back: its connections are cut and
/// refused, its server is killed, or it is there and answers nothing.
/// </summary>
/// <remarks>
/// <c>GROUPBUY_OUTAGE_SECONDS</c> is the length of each of the three; without it only the first is made, of 5 s,
/// because others kill and freeze the server. The figures are in the output. With 120 the silos miss three of the signs
/// of life that they write into the membership table.
/// </remarks>
public sealed class DatabaseOutageTests(ITestOutputHelper output)
{
    private const int Groups = 60;

    /// <summary>What a call may take once its silo knows that the store does not answer; no claim of speed.</summary>
    private static readonly TimeSpan EarlyBound = TimeSpan.FromSeconds(3);

    /// <summary>From here on every silo knows: its fence is not confirmed any more.</summary>
    private static readonly TimeSpan KnownAfter = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly double? Chosen = Number("GROUPBUY_OUTAGE_SECONDS");
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(Chosen ?? 5);

    private readonly List<long> _back = [];

    [Fact]
    public async Task CallsAreRefusedEarlyAndEveryGroupIsServedAgainWhenTheDatabaseIsBack()
    {
        await using var system = await TestedSystem.OnMariaDbThroughProxyAsync(3);
        Assert.SkipWhen(system.Database!.IsExternal, "The database server is not ours to kill.");
        var seed = Seed.Draw();
        output.WriteLine($"Seed {seed}, outages of {Length.TotalSeconds:0} s");
        await using var load = new JoinLoad(system.Addresses, Groups, seed);
        try
        {
            // Orders that are due right after an outage were placed before it.
            await load.PublishAsync(paymentWindow: Length + TimeSpan.FromSeconds(2));
            load.Start();
            await OutageAsync(system, load, "cut", CutAsync, RestoreAsync);
            if (Chosen is not null)
            {
                await OutageAsync(
                    system,
                    load,
                    "killed",
                    () => system.Database.KillAsync(),
                    () => system.Database.RestartAsync()
                );
                await OutageAsync(
                    system,
                    load,
                    "frozen",
                    () => system.Database.FreezeAsync(),
                    () => system.Database.ThawAsync()
                );
            }
            await Task.Delay(TimeSpan.FromSeconds(2));
            await load.StopAsync();
            await load.RepeatAsync();
            foreach (var silo in system.Silos)
                await silo.WaitUntilReadyAsync(Patience);
            await EveryOrderIsClosedAsync(system);
            Assert.Empty(await load.CompareAsync(system.Database, system.DatabaseName!));
            var epochs = await system.Database.ScalarAsync(
                system.DatabaseName,
                "select count(*) from stream where state<>1"
            );
            Assert.True(Convert.ToInt64(epochs, CultureInfo.InvariantCulture) == 0, "Silos fenced each other.");
        }
        catch
        {
            system.KeepsFiles = true;
            output.WriteLine($"Logs are kept in {system.Directory}.\n{system.Tails()}");
            throw;
        }

        Task CutAsync()
        {
            system.Proxy!.Refuse(true);
            system.Proxy.CutAll();
            return Task.CompletedTask;
        }

        Task RestoreAsync()
        {
            system.Proxy!.Refuse(false);
            return Task.CompletedTask;
        }
    }

    private async Task OutageAsync(TestedSystem system, JoinLoad load, string name, Func<Task> begin, Func<Task> end)
    {
        await load.EveryGroupIsJoinedAsync(load.Now, Patience);
        await Task.Delay(TimeSpan.FromSeconds(1));
        var processes = system.Silos.Select(silo => silo.ProcessId).ToList();
        var began = load.Now;
        await begin();
        await Task.Delay(Length);
        await end();
        var (restored, restoredMs) = (load.Now, await NowMsAsync(system));
        await load.EveryGroupIsJoinedAsync(restored, Patience);
        var after = load.Tries.Where(tried => tried.End > restored).ToList();
        var first = after.Where(tried => tried.Succeeded).Min(tried => tried.End) - restored;
        var last = after.Where(tried => !tried.Succeeded).Select(tried => tried.End - restored).DefaultIfEmpty().Max();
        var during = load.Tries.Where(tried => tried.At > began && tried.End < restored).ToList();
        var known = load.Tries.Where(tried => tried.At > began + KnownAfter && tried.At < restored).ToList();
        output.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{name}: it was back, the first join was made after {first.TotalSeconds:0.00} s, the last one was "
                    + $"refused at {last.TotalSeconds:0.00} s; "
                    + $"{during.Count(tried => !tried.Succeeded)} refused calls, the first {Seconds(during, 0)} s, the "
                    + $"longest {Seconds(during, 1)} s; once it was known, median {Seconds(known, 0.5)} s, longest "
                    + $"{Seconds(known, 1)} s; {string.Join(", ", Answers(during))}"
            )
        );
        foreach (var tried in known.Where(tried => !tried.Succeeded && tried.End < restored))
        {
            Assert.True(tried is { Status: HttpStatusCode.ServiceUnavailable, SaysWhen: true }, tried.ToString());
            Assert.True(tried.Took < EarlyBound, tried.ToString());
        }
        _back.Add(restoredMs);
        Assert.All(system.Silos, silo => Assert.False(silo.HasExited, silo.Tail()));
        Assert.Equal(processes, system.Silos.Select(silo => silo.ProcessId));
    }

    private async Task EveryOrderIsClosedAsync(TestedSystem system)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (await CountAsync(system, "select count(*) from timed_task where type='order-close'") is var left and > 0)
        {
            if (TimeProvider.System.GetElapsedTime(started) > Patience)
                Assert.Fail($"{left} orders were not closed.");
            await Task.Delay(100);
        }
        foreach (var back in _back)
        {
            var late = await LatestAsync(system, back - 4_000, back, back);
            // Half a second after it is back, every silo has found it.
            var due = await LatestAsync(system, back + 500, back + 1_500, null);
            output.WriteLine(
                $"Of orders due up to the return, the last was closed {late} ms after it; those due in the second "
                    + $"after the first half were closed at most {due} ms late."
            );
        }
    }

    /// <summary>The longest time until an order that was due in this time was closed.</summary>
    private static Task<long> LatestAsync(TestedSystem system, long from, long to, long? since) =>
        CountAsync(
            system,
            $"select coalesce(max(changed_ms-{since?.ToString(CultureInfo.InvariantCulture) ?? "closes_ms"}),0) "
                + $"from order_status_log where status='CLOSED' and closes_ms between {from} and {to}"
        );

    private static Task<long> NowMsAsync(TestedSystem system) =>
        CountAsync(system, "select cast(unix_timestamp(now(3))*1000 as signed)");

    private static async Task<long> CountAsync(TestedSystem system, string sql) =>
        Convert.ToInt64(await system.Database!.ScalarAsync(system.DatabaseName, sql), CultureInfo.InvariantCulture);

    private static IEnumerable<string> Answers(IEnumerable<JoinTry> tries) =>
        tries
            .GroupBy(tried => $"{(int?)tried.Status ?? 0} {tried.Code}")
            .Select(same => $"{same.Count()} × {same.Key}");

    private static string Seconds(IEnumerable<JoinTry> tries, double share)
    {
        var times = tries.Where(tried => !tried.Succeeded).Select(tried => tried.Took).Order().ToList();
        return times.Count == 0
            ? "-"
            : times[(int)(share * (times.Count - 1))].TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture);
    }

    private static double? Number(string variable) =>
        double.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
