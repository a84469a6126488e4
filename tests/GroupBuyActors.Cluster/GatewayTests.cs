using System.Net;
using GroupBuyActors.Client;
using GroupBuyActors.Groups;
using GroupBuyActors.Testing;
using GroupBuyActors.Testing.Silos;
using Xunit;

namespace GroupBuyActors.Cluster;

/// <summary>
/// A process that serves HTTP as a client of silos: it answers what a silo answers, and outlives them all.
/// </summary>
public sealed class GatewayTests : IAsyncLifetime
{
    private const string Group = "10042.SH-PUDONG.gateway";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _directory = Directory.CreateTempSubdirectory("groupbuy-gateway-").FullName;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private MariaDbServer _database = null!;
    private SiloSettings _siloSettings = null!;
    private SiloSettings _gatewaySettings = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await MariaDbServer.StartAsync();
        var connection = _database.ConnectionString(await _database.CreateDatabaseAsync("gateway"));
        _siloSettings = SiloSettings.Draw("silo", _directory, connection);
        _gatewaySettings = SiloSettings.Draw("gateway", _directory, connection) with
        {
            Arguments = ["--role", "gateway"],
        };
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _database.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task AGatewayAnswersAsASiloDoesAndOutlivesAllSilos()
    {
        // Before there is a silo, or even a schema.
        await using var gateway = SiloProcess.Launch(_gatewaySettings);
        await UntilAsync(gateway, "/health/live", HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await GetAsync(gateway, "/health/ready")).Status);
        await RefusesAsync(gateway);

        await using (var silo = await SiloProcess.StartAsync(_siloSettings))
        {
            await gateway.WaitUntilReadyAsync(Patience);
            var group = await LiveAsync(gateway);
            await AnswerTheSameAsync(silo, gateway, group);
            await ChangeAsync(silo, gateway);
            await silo.KillAsync();
        }

        await UntilAsync(gateway, "/health/ready", HttpStatusCode.ServiceUnavailable);
        await RefusesAsync(gateway);
        await using (await SiloProcess.StartAsync(_siloSettings))
        {
            await gateway.WaitUntilReadyAsync(Patience);
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(gateway, $"/v1/groups/{Group}")).Status);
            Assert.Equal(0, await gateway.StopAsync(Patience));
        }
    }

    [Fact]
    public async Task AGatewayNeedsTheDatabaseOfACluster()
    {
        await using var gateway = SiloProcess.Launch(_gatewaySettings with { MySql = null });
        Assert.Equal(1, await gateway.WaitForExitAsync(Patience));
        Assert.Contains("GroupBuy:Storage:Provider must be MySql", gateway.Tail(), StringComparison.Ordinal);
    }

    /// <summary>A group's life through the gateway, with its live events.</summary>
    private static async Task<GroupId> LiveAsync(SiloProcess gateway)
    {
        using var http = new HttpClient { BaseAddress = gateway.Address };
        var (client, group) = (new GroupBuyClient(http), GroupId.Parse(Group));
        await client.PublishAsync(
            group,
            new GroupTermsRequest
            {
                Title = "Tea",
                Sku = "tea",
                UnitPrice = new Money(9900, "CNY"),
                MinGroupSize = 2,
            }
        );
        var orders = new[] { await client.JoinAsync(group, "lin"), await client.JoinAsync(group, "wang") };
        foreach (var order in orders)
            Assert.False((await client.PayAsync(order.OrderId, "p", order.Total)).ToBeRefunded);
        using var limit = new CancellationTokenSource(Patience);
        await foreach (var item in client.EventsAsync(group, cancellation: limit.Token))
            if (item.Type == "group.fulfilled")
                break;
        var voucher = (await client.GetOrderAsync(orders[0].OrderId)).VoucherCode!.Value;
        Assert.Equal(OrderStatus.Redeemed, (await client.RedeemAsync(voucher)).Status);
        while ((await client.ListGroupsAsync(group.MerchantId)).Items is not [{ State: GroupPhase.Fulfilled }])
            await Task.Delay(50, limit.Token);
        return group;
    }

    private async Task AnswerTheSameAsync(SiloProcess silo, SiloProcess gateway, GroupId group)
    {
        string[] paths =
        [
            "/",
            "/openapi/v1.json",
            $"/v1/groups/{group}",
            $"/v1/groups?merchantId={group.MerchantId}",
            $"/v1/orders/{group}.1",
            "/v1/users/lin/orders",
            $"/v1/groups/{group}/history?limit=3",
            "/v1/groups/1.SH.unknown",
            "/v1/admin/cluster",
            "/v1/admin/shards",
            "/v1/admin/tasks/nothing",
            $"/v1/admin/tasks?groupId={group}",
            "/v1/admin/tasks?limit=0",
            "/v1/admin/dead-letters",
            "/v1/admin/policies",
            "/v1/admin/policies/refund",
            "/v1/admin/policies/unknown",
            "/v1/admin/schedules?limit=2",
            "/v1/admin/relay/parked",
            $"/v1/admin/groups/{group}/tasks-check",
            $"/v1/admin/reconciliation?merchantId={group.MerchantId}&ports=false",
            $"/v1/sandbox/inventory/{group.MerchantId}/tea",
            "/v1/sandbox/calls/payments",
            "/v1/sandbox/calls/nothing",
            "/v1/nothing",
            "/dashboard",
        ];
        foreach (var path in paths)
        {
            // What happens between the two may change the answer.
            for (var tries = 0; ; tries++)
            {
                var (own, passedOn) = (await GetAsync(silo, path), await GetAsync(gateway, path));
                if (own == passedOn)
                    break;
                Assert.True(tries < 20, $"{path}: the silo answered {own}\nand the gateway {passedOn}");
                await Task.Delay(100);
            }
        }

        Assert.Equal(HttpStatusCode.OK, (await GetAsync(gateway, "/metrics")).Status);
    }

    /// <summary>What operators change through the gateway is changed on the silo, once for each key.</summary>
    private async Task ChangeAsync(SiloProcess silo, SiloProcess gateway)
    {
        const string policy = "/v1/admin/policies/refund";
        var changed = await SendAsync(gateway, HttpMethod.Put, policy, """{"weight":7}""");
        Assert.Equal(HttpStatusCode.OK, changed.Status);
        Assert.Contains("\"weight\":7", (await GetAsync(silo, policy)).Text, StringComparison.Ordinal);
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await SendAsync(gateway, HttpMethod.Put, policy, """{"weight":7777777}""")).Status
        );
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(gateway, HttpMethod.Put, policy, "{")).Status);
        const string redrive = "/v1/admin/dead-letters/redrive";
        var first = await SendAsync(gateway, HttpMethod.Post, redrive, "{}", "redrive-1");
        var again = await SendAsync(gateway, HttpMethod.Post, redrive, "{}", "redrive-1");
        Assert.Equal((HttpStatusCode.Accepted, false), (first.Status, first.Replayed));
        Assert.Equal((first.Status, first.Text, true), (again.Status, again.Text, again.Replayed));
        Assert.Contains("policy.change", (await GetAsync(gateway, "/v1/admin/audit")).Text, StringComparison.Ordinal);
    }

    /// <summary>Without silos, calls are refused soon, and callers are told to come again.</summary>
    private async Task RefusesAsync(SiloProcess gateway)
    {
        foreach (var path in (string[])[$"/v1/groups/{Group}", "/v1/admin/cluster"])
        {
            var refused = await GetAsync(gateway, path);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (refused.Status, refused.ToldToRetry));
            Assert.Contains("store.unavailable", refused.Text, StringComparison.Ordinal);
        }
    }

    private async Task UntilAsync(SiloProcess process, string path, HttpStatusCode status)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                if ((await GetAsync(process, path)).Status == status)
                    return;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            Assert.False(process.HasExited || limit.IsCancellationRequested, process.Tail());
            await Task.Delay(50);
        }
    }

    private Task<Answered> GetAsync(SiloProcess process, string path) => SendAsync(process, HttpMethod.Get, path);

    private async Task<Answered> SendAsync(
        SiloProcess process,
        HttpMethod method,
        string path,
        string? body = null,
        string? key = null
    )
    {
        using var request = new HttpRequestMessage(method, new Uri(process.Address, path));
        if (body is not null)
            request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        using var response = await _http.SendAsync(request);
        return new Answered(
            response.StatusCode,
            WithoutTrace(await response.Content.ReadAsStringAsync()),
            response.Content.Headers.ContentType?.ToString(),
            response.Headers.Contains("Idempotency-Replayed"),
            response.Headers.RetryAfter is not null
        );
    }

    // Each request has a trace of its own.
    private static string WithoutTrace(string text) =>
        text.IndexOf("\"traceId\":", StringComparison.Ordinal) is >= 0 and var from ? text[..from] : text;

    private sealed record Answered(
        HttpStatusCode Status,
        string Text,
        string? ContentType,
        bool Replayed,
        bool ToldToRetry
    );
}
