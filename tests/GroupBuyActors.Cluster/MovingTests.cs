using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using GroupBuyActors.Testing.Silos;
using Xunit;

namespace GroupBuyActors.Cluster;

/// <summary>Silos come and go as planned under load, as processes: groups move, and no buyer notices.</summary>
public sealed class MovingTests(ITestOutputHelper output)
{
    private const int Groups = 40;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Buyers join at the silos that stay, each join once. Their silos try again for them, which is why a call is only
    /// refused if a group cannot be reached for seconds.
    /// </summary>
    [Fact]
    public async Task ASiloThatJoinsGetsItsGroupsAndOneThatStopsGivesThemBackWithoutARefusedCallOrALostMemory()
    {
        await using var system = await TestedSystem.OnMariaDbAsync(2);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        for (var n = 0; n < Groups; n++)
            await PublishAsync(http, system.Silos[0].Address, n);
        using var enough = new CancellationTokenSource();
        var buyers = Enumerable
            .Range(0, Groups)
            .Select(n => BuyAsync(http, [system.Silos[0].Address, system.Silos[1].Address], n, enough.Token))
            .ToList();

        var third = system.Add();
        await system.ReadyAsync(third);
        var joined = await SettledAsync(http, system.Silos[0].Address, silos: 3);
        Assert.All(joined, silo => Assert.InRange(silo.Groups, 1, Groups - 2));
        Assert.Equal(Groups, joined.Sum(silo => silo.Groups));

        var status = await system.StopAsync(third);
        Assert.True(status == 0, $"It ended with {status}.\n{system.Silos[third].Tail()}");
        var left = await SettledAsync(http, system.Silos[0].Address, silos: 2);
        Assert.Equal(Groups, left.Sum(silo => silo.Groups));

        await enough.CancelAsync();
        var told = await Task.WhenAll(buyers);
        output.WriteLine(
            $"{told.Sum(buyer => buyer.Joins)} joins; the longest took {told.Max(buyer => buyer.Longest)}"
        );
        for (var n = 0; n < Groups; n++)
            Assert.Equal(told[n].Joins, await SeatsAsync(http, system.Silos[n % 2].Address, n));
        // Both that gave groups to the third; what it gave back is in the metrics of a process that is gone, and in
        // its log.
        foreach (var silo in system.Silos.Take(2))
            Assert.Equal(0, await MovedAsync(http, silo.Address, "loaded"));
        Assert.True(await MovedAsync(http, system.Silos[0].Address, "kept") > 0);
        Assert.Contains("0 did not.", system.Silos[third].Tail(200), StringComparison.Ordinal);
    }

    /// <summary>
    /// A database that is gone keeps a silo from finishing, but not from ending: Orleans alone would wait for another
    /// minute.
    /// </summary>
    [Fact]
    public async Task ASiloWhoseDatabaseIsGoneStopsWithinItsTimeAllTheSame()
    {
        var bound = TimeSpan.FromSeconds(6);
        await using var system = await TestedSystem.OnMariaDbAsync(
            2,
            new Dictionary<string, string?> { ["GroupBuy__ShutdownTimeout"] = bound.ToString("c") }
        );
        Assert.SkipWhen(system.Database!.IsExternal, "The database server is not ours to kill.");
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        for (var n = 0; n < 4; n++)
            await PublishAsync(http, system.Silos[0].Address, n);
        await system.Database.KillAsync();
        var stopping = Stopwatch.StartNew();
        var status = await system.Silos[1].StopAsync(bound + bound);
        output.WriteLine($"It ended with {status} after {stopping.Elapsed.TotalSeconds:0.0} s.");
        Assert.True(status == 70, $"It ended with {status?.ToString() ?? "nothing"}.\n{system.Silos[1].Tail(60)}");
        await system.Database.RestartAsync();
        var left = await SettledAsync(http, system.Silos[0].Address, silos: 1);
        Assert.Equal(ShardId.Count, left.Sum(silo => silo.Shards));
    }

    /// <summary>A drain that dies on the way is a silo that died: the others have all of it in the end.</summary>
    [Fact]
    public async Task ASiloThatIsKilledWhileItDrainsLosesNothing()
    {
        await using var system = await TestedSystem.OnMariaDbAsync(3);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        for (var n = 0; n < Groups; n++)
            await PublishAsync(http, system.Silos[0].Address, n);
        using var enough = new CancellationTokenSource();
        var buyers = Enumerable
            .Range(0, Groups)
            .Select(n => BuyAsync(http, [system.Silos[0].Address], n, enough.Token, mayBeRefused: true))
            .ToList();
        var drained = system.Silos[2].StopAsync(Patience);
        while (!system.Silos[2].HasExited && !system.Silos[2].Tail(200).Contains("drains", StringComparison.Ordinal))
            await Task.Delay(5);
        await system.KillAsync(2);
        await drained;
        await SettledAsync(http, system.Silos[0].Address, silos: 2);
        await enough.CancelAsync();
        var told = await Task.WhenAll(buyers);
        for (var n = 0; n < Groups; n++)
            Assert.Equal(told[n].Joins, await SeatsAsync(http, system.Silos[1].Address, n));
    }

    private static async Task PublishAsync(HttpClient http, Uri silo, int number)
    {
        using var answer = await http.PutAsJsonAsync(
            new Uri(silo, $"/v1/groups/{IdOf(number)}"),
            new
            {
                title = "Tea",
                sku = "tea",
                unitPrice = new { amount = 6_800, currency = "CNY" },
                minGroupSize = 50_000,
                paymentWindow = "PT1H",
            }
        );
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    /// <summary>
    /// Lets one buyer after another join; returns how many have and how long the slowest waited. A join that may be
    /// refused is sent again with the same key.
    /// </summary>
    private static async Task<(int Joins, TimeSpan Longest)> BuyAsync(
        HttpClient http,
        Uri[] silos,
        int number,
        CancellationToken enough,
        bool mayBeRefused = false
    )
    {
        var (joins, longest) = (0, TimeSpan.Zero);
        while (!enough.IsCancellationRequested)
        {
            var sent = Stopwatch.StartNew();
            using var request = new HttpRequestMessage(
                HttpMethod.Post,
                new Uri(silos[joins % silos.Length], $"/v1/groups/{IdOf(number)}/orders")
            );
            request.Headers.Add("Idempotency-Key", $"join-{number}-{joins}");
            request.Content = JsonContent.Create(new { userId = $"user-{joins}" });
            using var answer = await http.SendAsync(request, CancellationToken.None);
            longest = sent.Elapsed > longest ? sent.Elapsed : longest;
            if (mayBeRefused && (int)answer.StatusCode >= 500)
                continue;
            Assert.True(
                answer.StatusCode == HttpStatusCode.Created,
                $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(CancellationToken.None)}"
            );
            joins++;
            await Task.Delay(20, CancellationToken.None);
        }

        return (joins, longest);
    }

    /// <summary>Waits until so many silos are active, own every shard, and have nothing left to move.</summary>
    private static async Task<List<(int Groups, int Shards)>> SettledAsync(HttpClient http, Uri silo, int silos)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (true)
        {
            bound.Token.ThrowIfCancellationRequested();
            using var answer = await http.GetAsync(new Uri(silo, "/v1/admin/cluster"), bound.Token);
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                var body = await answer.Content.ReadFromJsonAsync<JsonElement>(bound.Token);
                var active = body.GetProperty("silos")
                    .EnumerateArray()
                    .Where(entry => entry.GetProperty("status").GetString() == "active")
                    .ToList();
                if (
                    active.Count == silos
                    && active.Sum(entry => Number(entry, "shards")) == ShardId.Count
                    && active.Sum(entry => Number(entry, "actorsToMove") + Number(entry, "shardsToMove")) == 0
                )
                    return active.ConvertAll(entry => (Number(entry, "groups"), Number(entry, "shards")));
            }

            await Task.Delay(50, bound.Token);
        }
    }

    private static async Task<int> SeatsAsync(HttpClient http, Uri silo, int number)
    {
        var group = await http.GetFromJsonAsync<JsonElement>(new Uri(silo, $"/v1/groups/{IdOf(number)}"));
        return Number(group, "seatsTaken");
    }

    private static async Task<double> MovedAsync(HttpClient http, Uri silo, string memory)
    {
        var metrics = await http.GetStringAsync(new Uri(silo, "/metrics"));
        return metrics
            .Split('\n')
            .Where(line =>
                line.StartsWith("actors_moved_total{", StringComparison.Ordinal)
                && line.Contains($"memory=\"{memory}\"", StringComparison.Ordinal)
            )
            .Sum(line =>
                double.Parse(line[(line.IndexOf('}') + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture)
            );
    }

    private static int Number(JsonElement document, string name) => document.GetProperty(name).GetInt32();

    private static string IdOf(int number) => $"{10_000 + number}.SH-PUDONG.moved";
}
