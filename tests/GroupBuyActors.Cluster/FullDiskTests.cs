using System.Diagnostics;
using System.Globalization;
using System.Net;
using GroupBuyActors.Cluster.Load;
using GroupBuyActors.Testing.Silos;
using Xunit;

namespace GroupBuyActors.Cluster;

/// <summary>A silo whose file cannot grow: a full disk as the operating system tells it.</summary>
public sealed class FullDiskTests
{
    private const string Group = "10042.SH-PUDONG.full";

    // The kernel would end a process that writes past its limit; with the signal ignored the write fails instead, as on
    // a full disk.
    private static readonly string[] WritesFail = ["/bin/sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"];

    [Fact]
    public async Task AFullDiskIsToldEarlyWhileReadsGoOnAndEndsNoSilo()
    {
        await using var system = await TestedSystem.OnSqliteThroughAsync(WritesFail);
        var silo = system.Silos[0];
        using var edge = new Edge(system.Addresses);
        using var http = new HttpClient { BaseAddress = silo.Address, Timeout = TimeSpan.FromSeconds(20) };
        var published = await edge.AskAsync(
            HttpMethod.Put,
            $"/v1/groups/{Group}",
            new
            {
                title = "Tea",
                sku = "tea",
                unitPrice = new { amount = 6_800, currency = "CNY" },
                minGroupSize = 1_000,
            }
        );
        Assert.Equal(HttpStatusCode.Created, published.Status);

        await LimitFilesAsync(silo, "1:");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await JoinAsync(http, "first"));
        var asked = Stopwatch.StartNew();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await JoinAsync(http, "second"));
        Assert.True(asked.Elapsed < TimeSpan.FromSeconds(2.5), $"The second refusal took {asked.Elapsed}.");
        using (var read = await http.GetAsync($"/v1/groups/{Group}"))
            Assert.Equal(HttpStatusCode.OK, read.StatusCode);
        using (var history = await http.GetAsync($"/v1/groups/{Group}/history"))
            Assert.Equal(HttpStatusCode.OK, history.StatusCode);
        using (var ready = await http.GetAsync("/health/ready"))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);

        await LimitFilesAsync(silo, "unlimited:");
        var joined = await edge.AskAsync(
            HttpMethod.Post,
            $"/v1/groups/{Group}/orders",
            new { userId = "third" },
            "third",
            TimeSpan.FromSeconds(15)
        );
        Assert.Equal(HttpStatusCode.Created, joined.Status);
        Assert.Equal(1, joined.Body.GetProperty("group").GetProperty("seatsTaken").GetInt32());
        await silo.WaitUntilReadyAsync(TimeSpan.FromSeconds(15));
        Assert.False(silo.HasExited);
    }

    private static async Task<HttpStatusCode> JoinAsync(HttpClient http, string user)
    {
        using var answer = await http.PostAsync(
            $"/v1/groups/{Group}/orders",
            new StringContent($$"""{"userId":"{{user}}"}""", System.Text.Encoding.UTF8, "application/json")
        );
        return answer.StatusCode;
    }

    private static async Task LimitFilesAsync(SiloProcess silo, string softAndHard)
    {
        using var process = Process.Start(
            "prlimit",
            ["--pid", silo.ProcessId.ToString(CultureInfo.InvariantCulture), $"--fsize={softAndHard}"]
        );
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }
}
