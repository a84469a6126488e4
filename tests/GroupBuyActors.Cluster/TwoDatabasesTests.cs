using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using GroupBuyActors.Testing;
using GroupBuyActors.Testing.Silos;
using Xunit;

namespace GroupBuyActors.Cluster;

/// <summary>Two silos with two databases, of which one after the other goes away and comes back under load.</summary>
public sealed class TwoDatabasesTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // Merchant slots 1 to 4, and 65 to 68.
    private static readonly string[] Low = [.. Enumerable.Range(1, 4).Select(merchant => $"{merchant}.SH-PUDONG.tea")],
        High = [.. Enumerable.Range(65, 4).Select(merchant => $"{merchant}.SH-PUDONG.tea")];

    private readonly ConcurrentDictionary<string, ConcurrentBag<HttpStatusCode>> _answers = new();
    private readonly ConcurrentBag<string> _ordersOfFirst = [];

    [Fact]
    public async Task EachDatabaseIsGoneAndBackAndTheOtherSlotsAreNeverRefused()
    {
        await using var server = await MariaDbServer.StartAsync();
        await using var lowProxy = TcpFaultProxy.Start(server);
        await using var highProxy = TcpFaultProxy.Start(server);
        var directory = Directory.CreateTempSubdirectory("groupbuy-slots-").FullName;
        var (low, high) = (await server.CreateDatabaseAsync("low"), await server.CreateDatabaseAsync("high"));
        var silos = new List<SiloProcess>();
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(40) };
        using var stop = new CancellationTokenSource();
        var load = Task.CompletedTask;
        try
        {
            foreach (var name in (string[])["silo-1", "silo-2"])
                silos.Add(
                    Launch(
                        name,
                        directory,
                        server.ConnectionString(low, lowProxy.Port),
                        server.ConnectionString(high, highProxy.Port)
                    )
                );
            foreach (var silo in silos)
                await silo.WaitUntilReadyAsync(Patience);
            foreach (var group in Low.Concat(High))
                Assert.Equal(HttpStatusCode.Created, await PublishAsync(http, silos[0], group));
            load = Task.WhenAll(
                Low.Concat(High).Select(group => Task.Run(() => JoinAsync(http, silos, group, stop.Token)))
            );
            await UntilAsync(() => Low.Concat(High).All(group => Count(group, HttpStatusCode.Created) >= 5));
            await OutageAsync(http, silos[0], highProxy, High, Low, "64-127");
            Assert.All(Low, group => Assert.Equal([HttpStatusCode.Created], _answers[group].Distinct()));
            // The first database has the cluster's members, too.
            await OutageAsync(http, silos[1], lowProxy, Low, High, "0-63");
            await stop.CancelAsync();
            await load;
            Assert.All(silos, silo => Assert.False(silo.HasExited, silo.Tail()));
            await EverythingIsListedAsync(http, silos[1]);
            foreach (var (database, others) in ((string, string)[])[(low, "6%"), (high, "_.SH%")])
                Assert.Equal(
                    0L,
                    Convert.ToInt64(
                        await server.ScalarAsync(
                            database,
                            $"select count(*) from journal where actor_id like 'groups:{others}'"
                        ),
                        CultureInfo.InvariantCulture
                    )
                );
        }
        finally
        {
            await stop.CancelAsync();
            await load.ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext
            );
            foreach (var silo in silos)
                await silo.DisposeAsync();
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>Takes one database away until its groups are refused, and the others were joined for a while.</summary>
    private async Task OutageAsync(
        HttpClient http,
        SiloProcess silo,
        TcpFaultProxy proxy,
        string[] stopped,
        string[] served,
        string slots
    )
    {
        var gone = Stopwatch.StartNew();
        var refused = CountAll(served);
        var early = CountAll(stopped, HttpStatusCode.ServiceUnavailable);
        proxy.Refuse(true);
        proxy.CutAll();
        await UntilAsync(() => stopped.All(group => Count(group, HttpStatusCode.ServiceUnavailable) > early[group]));
        var joined = CountAll(served, HttpStatusCode.Created);
        await UntilAsync(() => served.All(group => Count(group, HttpStatusCode.Created) >= joined[group] + 50));
        await UntilAsync(async () =>
            await http.GetStringAsync(new Uri(silo.Address, "/health/ready"))
            == $"ready\ndegraded: the database of merchant slots {slots} accepts no writes\n"
        );
        using (var list = await http.GetAsync(new Uri(silo.Address, "/v1/groups")))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, list.StatusCode);
        Assert.Equal(refused, CountAll(served));
        output.WriteLine($"Slots {slots} gone for {gone.Elapsed.TotalSeconds:0.0} s.");

        var back = Stopwatch.StartNew();
        joined = CountAll(stopped, HttpStatusCode.Created);
        proxy.Refuse(false);
        await UntilAsync(() => stopped.All(group => Count(group, HttpStatusCode.Created) > joined[group]));
        output.WriteLine($"Each of their groups was joined {back.Elapsed.TotalSeconds:0.0} s after they were back.");
        await UntilAsync(async () => await http.GetStringAsync(new Uri(silo.Address, "/health/ready")) == "ready\n");
    }

    private static SiloProcess Launch(string name, string directory, string low, string high) =>
        SiloProcess.Launch(
            SiloSettings.Draw(name, directory, low) with
            {
                Environment = new Dictionary<string, string?>
                {
                    ["ConnectionStrings__GroupBuy"] = null,
                    ["GroupBuy__Storage__Slots__0-63"] = low,
                    ["GroupBuy__Storage__Slots__64_127"] = high,
                },
            }
        );

    /// <summary>
    /// The orders of one buyer, who joined every group, and the groups, page by page from both databases.
    /// </summary>
    private async Task EverythingIsListedAsync(HttpClient http, SiloProcess silo)
    {
        var orders = await IdsAsync(http, silo, "/v1/users/u-0/orders", "orderId");
        Assert.Equal(_ordersOfFirst.Order(StringComparer.Ordinal), orders.Order(StringComparer.Ordinal));
        await UntilAsync(async () =>
            (await IdsAsync(http, silo, "/v1/groups", "groupId"))
                .Order(StringComparer.Ordinal)
                .SequenceEqual(Low.Concat(High).Order(StringComparer.Ordinal))
        );
    }

    private static async Task<List<string>> IdsAsync(HttpClient http, SiloProcess silo, string path, string name)
    {
        var ids = new List<string>();
        string? after = null;
        do
        {
            var query = after is null ? "?limit=3" : $"?limit=3&after={after}";
            using var page = JsonDocument.Parse(await http.GetStringAsync(new Uri(silo.Address, path + query)));
            ids.AddRange(
                page.RootElement.GetProperty("items")
                    .EnumerateArray()
                    .Select(item => item.GetProperty(name).GetString()!)
            );
            after = page.RootElement.TryGetProperty("next", out var next) ? next.GetString() : null;
        } while (after is not null);
        return ids;
    }

    private static async Task<HttpStatusCode> PublishAsync(HttpClient http, SiloProcess silo, string group)
    {
        using var content = Json(
            """{"title":"Tea","sku":"tea","unitPrice":{"amount":6800,"currency":"CNY"},"minGroupSize":50000}"""
        );
        using var answer = await http.PutAsync(new Uri(silo.Address, $"/v1/groups/{group}"), content);
        return answer.StatusCode;
    }

    /// <summary>Joins a group again and again through both silos, and keeps every answer.</summary>
    private async Task JoinAsync(HttpClient http, List<SiloProcess> silos, string group, CancellationToken stop)
    {
        var answers = _answers.GetOrAdd(group, _ => []);
        for (var buyer = 0; !stop.IsCancellationRequested; buyer++)
        {
            using var content = Json($$"""{"userId":"u-{{buyer}}"}""");
            using var answer = await http.PostAsync(
                new Uri(silos[buyer % silos.Count].Address, $"/v1/groups/{group}/orders"),
                content,
                CancellationToken.None
            );
            if (buyer == 0 && answer.StatusCode == HttpStatusCode.Created)
            {
                using var order = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(CancellationToken.None));
                _ordersOfFirst.Add(order.RootElement.GetProperty("orderId").GetString()!);
            }

            answers.Add(answer.StatusCode);
            await Task.Delay(10, CancellationToken.None);
        }
    }

    private int Count(string group, HttpStatusCode status) =>
        _answers.TryGetValue(group, out var answers) ? answers.Count(answer => answer == status) : 0;

    /// <summary>How often each group gave an answer; without a status: any other than 201.</summary>
    private Dictionary<string, int> CountAll(string[] groups, HttpStatusCode? status = null) =>
        groups.ToDictionary(
            group => group,
            group =>
                _answers[group].Count(answer => status is null ? answer != HttpStatusCode.Created : answer == status)
        );

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var bound = new CancellationTokenSource(Patience);
        while (!await holds())
            await Task.Delay(50, bound.Token);
    }
}
