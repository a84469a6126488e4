using System.Net;

namespace GroupBuyActors.Silo.Tests.Http;

/// <summary>
/// A path in another spelling is the same call, to routing, to handlers and to idempotency keys; or it is none.
/// </summary>
public sealed class SpellingTests(TestSilo silo)
{
    private const string Body = """{"userId":"lin"}""";
    private readonly Api _api = silo.Api;

    [Fact]
    public async Task OneKeyMakesOneOrderHoweverThePathIsSpelt()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group, more: ",\"capacity\":9,\"perUserLimit\":9")).Is(HttpStatusCode.Created);
        var first = (await _api.PostAsync($"/v1/groups/{group}/orders", Body, "k1")).Is(HttpStatusCode.Created);
        string[] spellings =
        [
            $"/v1/groups/{group}/orders/",
            $"/V1/Groups/{group}/ORDERS",
            $"/v1/./groups/{group}/orders",
            $"/v1/groups/x/../{group}/orders",
            $"/v1/groups/x/%2e%2E/{group}/orders/%2e",
            $"/v1/groups/{group.Value.Replace("tea", "t%65a", StringComparison.Ordinal)}/orders?a=b",
        ];
        foreach (var spelling in spellings)
        {
            var again = (await _api.SendAsync(HttpMethod.Post, spelling, Body, "k1")).Is(HttpStatusCode.Created);
            Assert.True(again.IsReplayed, spelling);
            Assert.Equal(first.Text, again.Text);
        }

        Assert.Equal("1", (await _api.GetAsync($"/v1/groups/{group}"))["seatsTaken"]);
    }

    [Theory]
    [InlineData("/v1/users/a/../{user}/orders")]
    [InlineData("/v1/users/a/%2E%2e/{user}/orders/")]
    [InlineData("/v1/users/./{user}/./orders")]
    [InlineData("/x/../V1/users/{user}/Orders")]
    public async Task TheUserThatIsRoutedToIsTheUserThatIsAnswered(string spelling)
    {
        var group = TestSilo.NewGroup();
        var user = $"user-{group.MerchantId}";
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        (await _api.JoinAsync(group, user)).Is(HttpStatusCode.Created);
        await Api.Until(async () =>
            (await _api.SendAsync(HttpMethod.Get, spelling.Replace("{user}", user, StringComparison.Ordinal), null))
                .Is(HttpStatusCode.OK)
                .Json.GetProperty("items")
                .GetArrayLength() == 1
        );
    }

    [Fact]
    public async Task ASegmentMayHoldAnEscapedSlashAndAnEscapedPercent()
    {
        var merchant = TestSilo.NewMerchant();
        (await _api.SendAsync(HttpMethod.Put, $"/v1/sandbox/inventory/{merchant}/a%2Fb", """{"available":1}""")).Is(
            HttpStatusCode.OK
        );
        (await _api.SendAsync(HttpMethod.Put, $"/v1/sandbox/inventory/{merchant}/a%252Fb", """{"available":2}""")).Is(
            HttpStatusCode.OK
        );
        Assert.Equal(
            "1",
            (await _api.SendAsync(HttpMethod.Get, $"/v1/sandbox/inventory/{merchant}/%61%2fb", null))["available"]
        );
        Assert.Equal(
            "2",
            (await _api.SendAsync(HttpMethod.Get, $"/v1/sandbox/inventory/{merchant}/a%252Fb/", null))["available"]
        );
    }

    [Theory]
    [InlineData("/v1/users/%/orders")]
    [InlineData("/v1/users/%4/orders")]
    [InlineData("/v1/users/%zz/orders")]
    [InlineData("/v1/users/%ff/orders")]
    [InlineData("/v1/users/%ed%a0%bd/orders")]
    [InlineData("/v1//users/lin/orders")]
    [InlineData("//v1/users/lin/orders")]
    public async Task APathThatIsNoneLeadsNowhere(string path) =>
        (await _api.SendAsync(HttpMethod.Get, path, null)).Is(HttpStatusCode.NotFound, "route.not_found");
}
