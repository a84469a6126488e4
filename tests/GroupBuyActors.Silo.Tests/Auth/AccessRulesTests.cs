using System.Net;
using System.Security.Cryptography;
using System.Text;
using GroupBuyActors.Silo.Auth;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Silo.Tests.Auth;

/// <summary>A silo that asks for keys.</summary>
public sealed class KeyedSilo : TestSilo
{
    public KeyedSilo()
        : base([
            "--GroupBuy:Auth:Mode",
            "ApiKey",
            "--GroupBuy:Auth:Keys:ops",
            $"operator:{Hash("s-operator")}",
            "--GroupBuy:Auth:Keys:bank",
            $"payments:{Hash("s-payments")}",
            "--GroupBuy:Auth:Keys:lin",
            $"buyer:{Hash("s-lin")}",
            "--GroupBuy:Auth:Keys:app-wang",
            $"buyer/wang:{Hash("s-wang").ToUpperInvariant()}",
            "--GroupBuy:Edge:CommentInterval",
            "00:00:00.05",
            "--GroupBuy:Auth:Keys:teahouse",
            $"merchant/10042:{Hash("s-merchant")}",
        ]) { }

    internal Api As(string secret) => new(Http) { Secret = secret };

    private static string Hash(string secret) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}

/// <summary>Role × route: the whole matrix, over HTTP.</summary>
public sealed class AccessRulesTests(KeyedSilo silo) : IClassFixture<KeyedSilo>
{
    private const string Own = "10042.SH-PUDONG",
        Other = "10043.SH-PUDONG";
    private static int _codes;

    /// <summary>
    /// Every route with one row a role: what it does, and whether buyer, merchant and payment service may, with their
    /// own and with others'.
    /// </summary>
    public static TheoryData<string, string, string, string> Matrix =>
        new()
        {
            //  method and path                         buyer lin      merchant 10042  payments
            { "PUT /v1/groups/{own}", "no", "yes", "no" },
            { "PUT /v1/groups/{other}", "no", "no", "no" },
            { "GET /v1/groups/{own}", "yes", "yes", "yes" },
            { "GET /v1/groups/{other}", "yes", "no", "yes" },
            { "GET /v1/groups", "yes", "yes", "no" },
            { "GET /v1/groups?merchantId=10043", "yes", "no", "no" },
            { "DELETE /v1/groups/{own}", "no", "yes", "no" },
            { "DELETE /v1/groups/{other}", "no", "no", "no" },
            { "POST /v1/groups/{own}/end-joining", "no", "yes", "no" },
            { "POST /v1/groups/{other}/end-joining", "no", "no", "no" },
            { "GET /v1/groups/{own}/history", "no", "yes", "no" },
            { "GET /v1/groups/{other}/history", "no", "no", "no" },
            { "GET /v1/groups/{other}/events?after=x", "no", "no", "no" },
            { "POST /v1/groups/{own}/orders lin", "yes", "no", "no" },
            { "POST /v1/groups/{own}/orders wang", "no", "no", "no" },
            { "GET /v1/orders/{own}.1", "yes", "yes", "yes" },
            { "GET /v1/orders/{own}.2", "no", "yes", "yes" },
            { "GET /v1/orders/{other}.1", "yes", "no", "yes" },
            { "DELETE /v1/orders/{own}.1", "yes", "no", "no" },
            { "DELETE /v1/orders/{own}.2", "no", "no", "no" },
            { "POST /v1/orders/{own}.1/payments", "yes", "yes", "yes" },
            { "POST /v1/orders/{own}.2/payments", "no", "yes", "yes" },
            { "POST /v1/orders/{other}.1/payments", "yes", "no", "yes" },
            { "POST /v1/orders/{own}.1/refunds", "yes", "no", "no" },
            { "POST /v1/orders/{own}.2/refunds", "no", "no", "no" },
            { "GET /v1/users/lin/orders", "yes", "no", "no" },
            { "GET /v1/users/wang/orders", "no", "no", "no" },
            { "POST /v1/vouchers/{own}.1.aaaaaaaaaa/redemption", "no", "yes", "no" },
            { "POST /v1/vouchers/{other}.1.aaaaaaaaaa/redemption", "no", "no", "no" },
            { "DELETE /v1/vouchers/{own}.1.aaaaaaaaaa/redemption", "no", "yes", "no" },
            { "GET /v1/admin/tasks", "no", "no", "no" },
            { "GET /v1/admin/tasks/x", "no", "no", "no" },
            { "GET /v1/admin/shards", "no", "no", "no" },
            { "GET /v1/admin/cluster", "no", "no", "no" },
            { "GET /v1/admin/reconciliation?merchantId=10042", "no", "no", "no" },
            { "GET /v1/admin/audit", "no", "no", "no" },
            { "GET /v1/admin/relay/parked", "no", "no", "no" },
            { "POST /v1/admin/relay/parked/{own}/retry", "no", "no", "no" },
            { "POST /v1/admin/relay/parked/{own}/skip", "no", "no", "no" },
            { "POST /v1/admin/groups/{own}/settle", "no", "no", "no" },
            { "GET /v1/sandbox/inventory/10042/tea", "no", "no", "no" },
            { "PUT /v1/sandbox/inventory/10042/tea", "no", "no", "no" },
            { "PUT /v1/sandbox/faults/notices", "no", "no", "no" },
            { "GET /v1/sandbox/calls/notices", "no", "no", "no" },
            { "POST /v1/sandbox/payments/{own}.1", "yes", "no", "yes" },
            { "POST /v1/sandbox/payments/{own}.2", "no", "no", "yes" },
            { "GET /dashboard/version", "no", "no", "no" },
        };

    [Theory]
    [MemberData(nameof(Matrix))]
    public async Task ARoleReachesWhatTheMatrixSays(string call, string buyer, string merchant, string payments)
    {
        var (own, other) = await PrepareAsync();
        var filled = call.Replace("{own}", own).Replace("{other}", other);
        foreach (
            var (secret, may) in ((string, string)[])
                [("s-lin", buyer), ("s-merchant", merchant), ("s-payments", payments), ("s-operator", "yes")]
        )
        {
            var answer = await SendAsync(silo.As(secret), filled);
            if (may == "yes")
                Assert.False(
                    answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden,
                    $"{secret} is kept from {call}: {answer.Text}"
                );
            else
                answer.Is(HttpStatusCode.Forbidden, "auth.forbidden");
        }

        (await SendAsync(silo.Api, filled)).Is(HttpStatusCode.Unauthorized, "auth.required");
        (await SendAsync(silo.As("guess"), filled)).Is(HttpStatusCode.Unauthorized, "auth.required");
    }

    [Fact]
    public void EveryRouteOfTheApiHasAnAccessRule()
    {
        var open = silo
            .Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<AccessMetadata>() is null)
            .Select(route => route.RoutePattern.RawText!.TrimStart('/'));
        Assert.All(
            open,
            pattern =>
                Assert.True(
                    pattern.StartsWith("health", StringComparison.Ordinal)
                        || pattern.StartsWith("openapi", StringComparison.Ordinal)
                        || pattern.StartsWith("scalar", StringComparison.Ordinal)
                        || pattern is "metrics" or "session",
                    $"/{pattern} is open to anyone."
                )
        );
    }

    [Fact]
    public async Task AMerchantListsItsOwnGroupsOnly()
    {
        var (own, _) = await PrepareAsync();
        await Api.Until(async () =>
            (await silo.As("s-merchant").GetAsync("/v1/groups?limit=500")).Text.Contains(
                $"\"{own}\"",
                StringComparison.Ordinal
            )
        );
        Assert.All(
            (await silo.As("s-merchant").GetAsync("/v1/groups?limit=500")).Json.GetProperty("items").EnumerateArray(),
            item => Assert.StartsWith("10042.", item.GetProperty("groupId").GetString(), StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task APaymentOfABuyerIsBelievedOnlyIfTheProviderConfirmsIt()
    {
        var (own, _) = await PrepareAsync();
        (await silo.As("s-lin").PayAsync($"{own}.1")).Is(HttpStatusCode.UnprocessableEntity, "payment.amount_mismatch");
        (
            await silo.As("s-operator")
                .PostAsync(
                    $"/v1/sandbox/payments/{own}.1",
                    """{"paymentId":"p-1","amount":9900,"currency":"CNY","callback":false}"""
                )
        ).Is(HttpStatusCode.Accepted);
        Assert.Equal("PAID", (await silo.As("s-lin").PayAsync($"{own}.1")).Is(HttpStatusCode.OK)["status"]);
        Assert.Equal("PAID", (await silo.As("s-payments").PayAsync($"{own}.2")).Is(HttpStatusCode.OK)["status"]);
    }

    [Theory]
    [InlineData("ApiKey s-operator", true)]
    [InlineData("Bearer s-operator", true)]
    [InlineData("bearer  s-operator", true)]
    [InlineData("Basic s-operator", false)]
    [InlineData("s-operator", false)]
    [InlineData("Bearer", false)]
    [InlineData("Bearer S-OPERATOR", false)]
    public async Task AKeyMayComeInTheAuthorizationHeader(string header, bool known)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/admin/cluster");
        request.Headers.TryAddWithoutValidation("Authorization", header);
        using var answer = await silo.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(known ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task AnIdempotencyKeyHoldsWithinItsCaller()
    {
        var (_, other) = await PrepareAsync();
        var group = $"{Other}.{NewCode()}";
        (await silo.As("s-operator").PutAsync($"/v1/groups/{group}", Api.Offer())).Is(HttpStatusCode.Created);
        (await silo.As("s-lin").PostAsync($"/v1/groups/{group}/orders", """{"userId":"lin"}""", "k")).Is(
            HttpStatusCode.Created
        );
        Assert.False(
            (await silo.As("s-wang").PostAsync($"/v1/groups/{group}/orders", """{"userId":"wang"}""", "k"))
                .Is(HttpStatusCode.Created)
                .IsReplayed
        );
        Assert.NotEqual(group, other);
    }

    [Fact]
    public async Task AQuietStreamSaysThatItIsStillThere()
    {
        var (own, _) = await PrepareAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/groups/{own}/events?after=999");
        request.Headers.Add("X-Api-Key", "s-merchant");
        using var response = await silo.Http.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        using var reader = new StreamReader(
            await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken)
        );
        for (var i = 0; i < 2; i++)
        {
            Assert.StartsWith(
                ":",
                await reader.ReadLineAsync(TestContext.Current.CancellationToken),
                StringComparison.Ordinal
            );
            Assert.Equal("", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        }
    }

    // A group of each merchant with an order of lin's and, in the own one, of wang's.
    private async Task<(string Own, string Other)> PrepareAsync()
    {
        var (own, other, operators) = ($"{Own}.{NewCode()}", $"{Other}.{NewCode()}", silo.As("s-operator"));
        foreach (var group in (string[])[own, other])
        {
            (await operators.PutAsync($"/v1/groups/{group}", Api.Offer(3, ",\"capacity\":10,\"perUserLimit\":5"))).Is(
                HttpStatusCode.Created
            );
            (await operators.PostAsync($"/v1/groups/{group}/orders", """{"userId":"lin"}""")).Is(
                HttpStatusCode.Created
            );
            (await operators.PostAsync($"/v1/groups/{group}/orders", """{"userId":"wang"}""")).Is(
                HttpStatusCode.Created
            );
        }

        return (own, other);
    }

    private static async Task<Answer> SendAsync(Api api, string call)
    {
        var words = call.Split(' ');
        var body = (words[0], words[1]) switch
        {
            ("PUT", var path) when path.StartsWith("/v1/groups", StringComparison.Ordinal) => Api.Offer(),
            ("PUT", var path) when path.Contains("inventory", StringComparison.Ordinal) => """{"available":1000000}""",
            ("PUT", _) => "{}",
            ("POST", var path) when path.EndsWith("/orders", StringComparison.Ordinal) =>
                $$"""{"userId":"{{words[2]}}"}""",
            ("POST", var path) when path.Contains("payments", StringComparison.Ordinal) =>
                """{"paymentId":"p-1","amount":9900,"currency":"CNY"}""",
            _ => null,
        };
        return await api.SendAsync(HttpMethod.Parse(words[0]), words[1], body);
    }

    private static string NewCode() => $"g-{Interlocked.Increment(ref _codes)}";
}
