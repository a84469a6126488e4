using System.Net;

namespace GroupBuyActors.Silo.Tests.Http;

/// <summary>A parameter that is empty is as one not given.</summary>
public sealed class EmptyParameterTests(TestSilo silo)
{
    private readonly Api _api = silo.Api;

    [Theory]
    [InlineData("/v1/groups?merchantId=&region=&state=&after=&limit=")]
    [InlineData("/v1/users/lin/orders?after=&limit=")]
    [InlineData("/v1/groups/{group}/history?after=&limit=")]
    [InlineData("/v1/admin/tasks?type=&status=&shard=&groupId=&after=&limit=")]
    [InlineData("/v1/admin/dead-letters?type=&merchantId=&groupId=&shard=&from=&to=&error=&redriven=&after=&limit=")]
    [InlineData("/v1/admin/audit?after=&limit=")]
    [InlineData("/v1/admin/relay/parked?after=&limit=")]
    [InlineData("/v1/admin/reconciliation?merchantId=7&ports=")]
    [InlineData("/v1/sandbox/calls/payments?key=&after=&limit=")]
    [InlineData("/v1/groups?limit=&limit=7")]
    public async Task EmptyParametersAreIgnored(string path)
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        (await _api.GetAsync(path.Replace("{group}", group.Value, StringComparison.Ordinal))).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task AnEmptyLimitIsTheRoutesOwn() =>
        Assert.Equal(
            (await _api.GetAsync("/v1/admin/schedules")).Is(HttpStatusCode.OK).Text,
            (await _api.GetAsync("/v1/admin/schedules?limit=")).Is(HttpStatusCode.OK).Text
        );

    [Fact]
    public async Task AnEmptyMerchantIsMissingWhereOneIsNeeded() =>
        Assert.Equal(
            ["merchantId"],
            (await _api.GetAsync("/v1/admin/reconciliation?merchantId="))
                .Is(HttpStatusCode.BadRequest, "request.invalid")
                .FaultyFields
        );

    [Fact]
    public async Task AnEmptyLastEventIdIsNone()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/groups/{group}/events?after=");
        Assert.True(request.Headers.TryAddWithoutValidation("Last-Event-ID", ""));
        using var answer = await silo.Http.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("/v1/admin/dead-letters?from=yesterday&to=10:00", "from to")]
    [InlineData("/v1/admin/dead-letters?from=2026-11-29T00:00:00", "from")]
    public async Task AnInstantIsIso8601WithItsOffset(string path, string fields) =>
        Assert.Equal(
            fields,
            string.Join(' ', (await _api.GetAsync(path)).Is(HttpStatusCode.BadRequest, "request.invalid").FaultyFields)
        );
}
