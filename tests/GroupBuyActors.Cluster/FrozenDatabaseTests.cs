using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using GroupBuyActors.Testing.Silos;
using Xunit;

namespace GroupBuyActors.Cluster;

/// <summary>A database server whose process is stopped: connections stay open, and nothing is answered.</summary>
public sealed class FrozenDatabaseTests
{
    private const string Group = "10042.SH-PUDONG.frozen-db";

    /// <summary>The one budget, and what a busy machine adds.</summary>
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(5 + 3);

    private static readonly Dictionary<string, string> Values = new()
    {
        ["groupId"] = Group,
        ["orderId"] = $"{Group}.1",
        ["userId"] = "alice",
        ["taskId"] = $"groups:{Group}:3:group-deadline:0",
        ["redriveId"] = "0123456789abcdef0123456789abcdef",
        ["port"] = "inventory",
        ["merchantId"] = "10042",
        ["sku"] = "tea",
        ["taskType"] = "refund",
    };

    [Fact]
    public async Task EveryRouteAnswers503WithinOneBudgetWhileTheDatabaseIsFrozen()
    {
        await using var system = await TestedSystem.OnMariaDbAsync(1);
        Assert.SkipWhen(system.Database!.IsExternal, "The database server is not ours to stop.");
        using var http = new HttpClient { BaseAddress = system.Silos[0].Address, Timeout = TimeSpan.FromSeconds(40) };
        Assert.Equal(HttpStatusCode.Created, (await CallAsync(http, Put(Group))).Status);
        Assert.Equal(
            HttpStatusCode.Created,
            (await CallAsync(http, Post($"/v1/groups/{Group}/orders", """{"userId":"alice"}"""))).Status
        );
        var reads = await ReadsAsync(http);
        Assert.True(reads.Count >= 15, string.Join(' ', reads));

        await system.Database.FreezeAsync();
        try
        {
            // At first what is in memory is answered, while the fence still holds; all else waits for the database.
            AssertWithinBudget(
                await Task.WhenAll(Calls(reads).Select(call => CallAsync(http, call))),
                IsAnswer,
                system
            );
            AssertWithinBudget(
                await Task.WhenAll(Calls(reads).Select(call => CallAsync(http, call))),
                answer => NeedsNoDatabase(answer) && IsAnswer(answer),
                system
            );
        }
        finally
        {
            await system.Database.ThawAsync();
        }

        await system.Silos[0].WaitUntilReadyAsync(TimeSpan.FromSeconds(20));
        foreach (var read in reads)
            Assert.NotEqual(
                HttpStatusCode.ServiceUnavailable,
                (await CallAsync(http, new HttpRequestMessage(HttpMethod.Get, read))).Status
            );
        Assert.Equal(
            HttpStatusCode.Created,
            (await CallAsync(http, Post($"/v1/groups/{Group}/orders", """{"userId":"bob"}"""))).Status
        );
    }

    private static void AssertWithinBudget(Answered[] answers, Func<Answered, bool> mayAnswer, TestedSystem system)
    {
        var faults = answers
            .Where(answer => answer.Elapsed >= Budget || !(IsRefused(answer) || mayAnswer(answer)))
            .ToList();
        Assert.True(faults.Count == 0, $"{string.Join('\n', faults)}\n{system.Tails()}");
    }

    private static bool IsRefused(Answered answer) =>
        answer is { Status: HttpStatusCode.ServiceUnavailable, RetryAfter: > 0, Code: "store.unavailable" };

    private static bool IsAnswer(Answered answer) => (int)answer.Status < 500;

    private static bool NeedsNoDatabase(Answered answer) =>
        answer.Path is "/v1/admin/cluster" or "/v1/admin/schedules"
        || answer.Path.StartsWith("/v1/admin/policies", StringComparison.Ordinal);

    private static IEnumerable<HttpRequestMessage> Calls(IEnumerable<string> reads) =>
        [
            .. reads.Select(read => new HttpRequestMessage(HttpMethod.Get, read)),
            Put("10042.SH-PUDONG.frozen-new"),
            Post($"/v1/groups/{Group}/orders", """{"userId":"carol"}"""),
            Post($"/v1/groups/10042.SH-PUDONG.frozen-other/orders", """{"userId":"carol"}"""),
            Post("/v1/admin/dead-letters/redrive", """{"dryRun":true}"""),
            Post($"/v1/admin/tasks/groups:{Group}:3:group-deadline:0/run-now", null),
        ];

    /// <summary>
    /// Every address that is read, as the silo itself describes them; streams, which never end, apart.
    /// </summary>
    private static async Task<List<string>> ReadsAsync(HttpClient http)
    {
        using var description = JsonDocument.Parse(await http.GetStringAsync("/openapi/v1.json"));
        var reads = new List<string>();
        foreach (var path in description.RootElement.GetProperty("paths").EnumerateObject())
        {
            if (
                !path.Name.StartsWith("/v1/", StringComparison.Ordinal)
                || !path.Value.TryGetProperty("get", out _)
                || path.Name.EndsWith("/events", StringComparison.Ordinal)
            )
                continue;
            var address = path.Name;
            foreach (var (name, value) in Values)
                address = address.Replace($"{{{name}}}", value, StringComparison.Ordinal);
            Assert.False(address.Contains('{', StringComparison.Ordinal), $"The test knows no value for {address}.");
            reads.Add(
                address.EndsWith("/reconciliation", StringComparison.Ordinal) ? address + "?merchantId=10042" : address
            );
        }

        return reads;
    }

    private static HttpRequestMessage Put(string group) =>
        new(HttpMethod.Put, $"/v1/groups/{group}")
        {
            Content = new StringContent(
                """{"title":"Tea","sku":"tea","unitPrice":{"amount":6800,"currency":"CNY"},"minGroupSize":100}""",
                Encoding.UTF8,
                "application/json"
            ),
        };

    private static HttpRequestMessage Post(string path, string? body) =>
        new(HttpMethod.Post, path)
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
        };

    private static async Task<Answered> CallAsync(HttpClient http, HttpRequestMessage request)
    {
        var asked = Stopwatch.StartNew();
        using (request)
        {
            var path = request.RequestUri!.OriginalString;
            using var answer = await http.SendAsync(request);
            var body = await answer.Content.ReadAsStringAsync();
            var code =
                body.StartsWith('{') && JsonDocument.Parse(body).RootElement.TryGetProperty("code", out var given)
                    ? given.GetString()
                    : null;
            return new Answered(
                $"{request.Method} {path}",
                path,
                answer.StatusCode,
                code,
                answer.Headers.RetryAfter?.Delta?.TotalSeconds ?? 0,
                asked.Elapsed
            );
        }
    }

    private sealed record Answered(
        string What,
        string Path,
        HttpStatusCode Status,
        string? Code,
        double RetryAfter,
        TimeSpan Elapsed
    )
    {
        public override string ToString() =>
            string.Create(
                CultureInfo.InvariantCulture,
                $"{What}: {(int)Status} {Code} after {Elapsed.TotalSeconds:0.0} s"
            );
    }
}
