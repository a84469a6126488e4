using System.Diagnostics;
using System.Net;
using GroupBuyActors.Cluster.Load;
using GroupBuyActors.Testing.Silos;
using Xunit;

namespace GroupBuyActors.Cluster;

/// <summary>
/// The wall clock is set while a silo runs, as an administrator or a time server does; its monotonic clock goes on.
/// </summary>
public sealed class WallClockTests : IDisposable
{
    private const string Library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);
    private readonly string _offset = Path.GetTempFileName();

    public void Dispose() => File.Delete(_offset);

    [Fact]
    public async Task AWallClockSetBackHoldsUpNeitherGroupsNorTheirTasks()
    {
        await using var system = await StartAsync();
        using var edge = new Edge(system.Addresses);
        using var http = new HttpClient { BaseAddress = system.Silos[0].Address, Timeout = Bound };
        Assert.Equal(HttpStatusCode.Created, await PublishAsync(http, "10042.SH-PUDONG.before", "PT24H"));
        await SetClockAsync(http, "-25m", now => now < DateTimeOffset.UtcNow.AddMinutes(-20));

        for (var n = 0; n < 10; n++)
            Assert.Equal(HttpStatusCode.Created, await PublishAsync(http, $"10042.SH-PUDONG.after-{n}", "PT24H"));
        var joined = await edge.AskAsync(
            HttpMethod.Post,
            "/v1/groups/10042.SH-PUDONG.before/orders",
            new { userId = "alice" },
            "alice",
            Bound
        );
        var order = joined.Body.GetProperty("orderId").GetString();
        await UntilAsync(http, $"/v1/orders/{order}", "CLOSED", Bound);
        using var ready = await http.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Fact]
    public async Task ADeadlineThatAJumpOfTheClockMakesDueIsMetAtOnce()
    {
        await using var system = await StartAsync();
        using var http = new HttpClient { BaseAddress = system.Silos[0].Address, Timeout = Bound };
        Assert.Equal(HttpStatusCode.Created, await PublishAsync(http, "10042.SH-PUDONG.far", "PT24H"));
        await SetClockAsync(http, "+25h", now => now > DateTimeOffset.UtcNow.AddHours(24));
        var jumped = Stopwatch.StartNew();
        await UntilAsync(http, "/v1/groups/10042.SH-PUDONG.far", "EXPIRED", Bound);
        Assert.True(jumped.Elapsed < TimeSpan.FromSeconds(5), $"The deadline fired {jumped.Elapsed} after the jump.");
    }

    private async Task<TestedSystem> StartAsync()
    {
        Assert.True(File.Exists(Library), $"{Library} is missing: install the package faketime.");
        await File.WriteAllTextAsync(_offset, "+0\n");
        return await TestedSystem.OnSqliteAsync(
            new Dictionary<string, string?>
            {
                ["LD_PRELOAD"] = Library,
                ["FAKETIME_TIMESTAMP_FILE"] = _offset,
                ["FAKETIME_CACHE_DURATION"] = "1",
                ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
                ["DONT_FAKE_MONOTONIC"] = "1",
            }
        );
    }

    /// <summary>Sets it, and waits until the silo's answers are dated by it.</summary>
    private async Task SetClockAsync(HttpClient http, string offset, Func<DateTimeOffset, bool> isSet)
    {
        await File.WriteAllTextAsync(_offset, offset + "\n");
        using var bound = new CancellationTokenSource(Bound);
        while (true)
        {
            using var answer = await http.GetAsync("/health/live", bound.Token);
            if (answer.Headers.Date is { } now && isSet(now))
                return;
            await Task.Delay(20, bound.Token);
        }
    }

    private static async Task<HttpStatusCode> PublishAsync(HttpClient http, string group, string timeout)
    {
        var termsRequest = $$"""
            {"title":"Tea","sku":"tea","unitPrice":{"amount":6800,"currency":"CNY"},
             "minGroupSize":10,"timeout":"{{timeout}}","paymentWindow":"PT2S"}
            """;
        using var answer = await http.PutAsync(
            $"/v1/groups/{group}",
            new StringContent(termsRequest, System.Text.Encoding.UTF8, "application/json")
        );
        return answer.StatusCode;
    }

    private static async Task UntilAsync(HttpClient http, string path, string state, TimeSpan within)
    {
        using var bound = new CancellationTokenSource(within);
        while (!(await http.GetStringAsync(path, bound.Token)).Contains($"\"{state}\"", StringComparison.Ordinal))
            await Task.Delay(50, bound.Token);
    }
}
