using System.Net;
using System.Text.RegularExpressions;
using GroupBuyActors.Testing.Silos;

namespace GroupBuyActors.Silo.Tests.Telemetry;

public sealed partial class ToolsTests(TestSilo silo)
{
    private readonly Api _api = silo.Api;

    /// <summary>
    /// The names that dashboards and alerts are written with, as far as this release has the thing they measure.
    /// </summary>
    [Fact]
    public async Task MetricsHaveTheNamesOfTheContract()
    {
        // A process of its own: gauges were seen to stay away from a silo's page while others of its process ended.
        var directory = Directory.CreateTempSubdirectory("groupbuy-metrics-").FullName;
        await using var process = await SiloProcess.StartAsync(SiloSettings.Draw("metrics", directory));
        using var http = new HttpClient { BaseAddress = process.Address };
        var api = new Api(http);
        await api.FulfilAsync(GroupId.Parse("7.SH.tea"));
        string[] wanted =
        [
            "task_pending_total gauge",
            "task_due_backlog gauge",
            "task_lateness_seconds histogram",
            "task_execution_duration_seconds histogram",
            "group_transitions_total counter",
            "group_commands_total counter",
            "commit_batch_size histogram",
            "commit_duration_seconds histogram",
            "relay_backlog gauge",
            "relay_lag_seconds gauge",
            "group_stuck gauge",
            "shard_owned gauge",
            "http_server_request_duration_seconds histogram",
        ];
        var names = new HashSet<string>();
        await Api.Until(async () =>
        {
            names =
            [
                .. TypeLine()
                    .Matches((await api.GetAsync("/metrics")).Is(HttpStatusCode.OK).Text)
                    .Select(match => match.Groups[1].Value),
            ];
            return wanted.All(name => names.Contains(name.Split(' ')[0]));
        });
        Assert.All(wanted, name => Assert.Contains(name.Split(' ')[0], names));
        Assert.DoesNotContain(
            names,
            name =>
                name.Contains("total_total", StringComparison.Ordinal)
                || name.Contains("seconds_seconds", StringComparison.Ordinal)
        );
        Assert.Contains(names, name => name.StartsWith("orleans_", StringComparison.Ordinal));
        Assert.Contains(names, name => name.StartsWith("dotnet_", StringComparison.Ordinal));
        await process.StopAsync(TimeSpan.FromSeconds(30));
        Directory.Delete(directory, recursive: true);
    }

    [Theory]
    [InlineData("/", "text/html")]
    [InlineData("/start.js", "text/javascript")]
    [InlineData("/start.css", "text/css")]
    [InlineData("/icon.svg", "image/svg+xml")]
    [InlineData("/scalar", "text/html")]
    [InlineData("/dashboard", "text/html")]
    [InlineData("/openapi/v1.json", "application/json")]
    [InlineData("/health/live", "text/plain")]
    [InlineData("/health/ready", "text/plain")]
    public async Task EveryToolIsThere(string path, string type) =>
        Assert.Equal(type, (await _api.GetAsync(path)).ContentType);

    [Fact]
    public async Task TheStartPageNeedsNothingFromElsewhere()
    {
        foreach (var path in (string[])["/", "/start.css"])
            Assert.DoesNotMatch("(src|href|url)\\s*[=(]\\s*[\"']?(https?:)?//", (await _api.GetAsync(path)).Text);
        Assert.Equal(HttpStatusCode.OK, (await _api.GetAsync("/")).Status);
    }

    [Fact]
    public async Task TheDescriptionNamesEveryRouteOfTheContract()
    {
        var paths = (await _api.GetAsync("/openapi/v1.json")).Json.GetProperty("paths");
        string[] routes =
        [
            "put /v1/groups/{groupId}",
            "get /v1/groups/{groupId}",
            "delete /v1/groups/{groupId}",
            "get /v1/groups",
            "post /v1/groups/{groupId}/end-joining",
            "post /v1/groups/{groupId}/orders",
            "get /v1/orders/{orderId}",
            "delete /v1/orders/{orderId}",
            "post /v1/orders/{orderId}/payments",
            "post /v1/orders/{orderId}/refunds",
            "get /v1/users/{userId}/orders",
            "post /v1/vouchers/{voucherCode}/redemption",
            "delete /v1/vouchers/{voucherCode}/redemption",
            "get /v1/groups/{groupId}/history",
            "get /v1/groups/{groupId}/events",
            "get /v1/admin/tasks",
            "get /v1/admin/tasks/{taskId}",
            "get /v1/admin/shards",
            "get /v1/admin/cluster",
            "get /v1/admin/reconciliation",
            "get /v1/admin/audit",
            "post /v1/admin/groups/{groupId}/settle",
            "get /v1/sandbox/inventory/{merchantId}/{sku}",
            "put /v1/sandbox/inventory/{merchantId}/{sku}",
            "post /v1/sandbox/payments/{orderId}",
            "put /v1/sandbox/faults/{port}",
            "get /v1/sandbox/calls/{port}",
        ];
        foreach (var route in routes.Select(route => route.Split(' ')))
            Assert.True(paths.GetProperty(route[1]).TryGetProperty(route[0], out _), string.Join(' ', route));
    }

    [Fact]
    public async Task EveryOperationHasAnIdOfItsOwn()
    {
        var ids = (await _api.GetAsync("/openapi/v1.json"))
            .Json.GetProperty("paths")
            .EnumerateObject()
            .SelectMany(
                path => path.Value.EnumerateObject(),
                (path, operation) =>
                    operation.Value.TryGetProperty("operationId", out var id)
                        ? id.GetString()!
                        : $"none: {operation.Name} {path.Name}"
            )
            .ToList();
        Assert.All(ids, id => Assert.Matches("^[a-z][A-Za-z0-9]+$", id));
        Assert.Equal(ids.Count, ids.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Contains("postGroupsByGroupIdEndJoining", ids);
    }

    [Fact]
    public async Task AHostOfAnotherNameIsRefusedWhereTheServiceIsOpen()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/groups");
        request.Headers.Host = "rebound.example";
        using var answer = await silo.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [GeneratedRegex(@"^# TYPE (\S+) ", RegexOptions.Multiline)]
    private static partial Regex TypeLine();
}
