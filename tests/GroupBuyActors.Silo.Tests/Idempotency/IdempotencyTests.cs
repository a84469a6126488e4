using System.Net;

namespace GroupBuyActors.Silo.Tests.Idempotency;

public sealed class IdempotencyTests(TestSilo silo)
{
    private readonly Api _api = silo.Api;

    [Fact]
    public async Task TheSameKeyAndBodyGiveTheFirstAnswer()
    {
        var group = await PublishedAsync();
        var first = (await _api.PostAsync($"/v1/groups/{group}/orders", """{"userId":"lin","quantity":1}""", "k1")).Is(
            HttpStatusCode.Created
        );
        (await _api.JoinAsync(group, "wang")).Is(HttpStatusCode.Created);
        var again = (
            await _api.PostAsync($"/v1/groups/{group}/orders", """ { "quantity" : 1 , "userId" : "lin" } """, "k1")
        ).Is(HttpStatusCode.Created);
        Assert.False(first.IsReplayed);
        Assert.True(again.IsReplayed);
        Assert.Equal(first.Text, again.Text);
        Assert.Equal(first.Headers.Location, again.Headers.Location);
    }

    [Fact]
    public async Task AnotherBodyUnderTheSameKeyIsRefused()
    {
        var group = await PublishedAsync();
        (await _api.JoinAsync(group, "lin", "k1")).Is(HttpStatusCode.Created);
        (await _api.JoinAsync(group, "wang", "k1")).Is(HttpStatusCode.UnprocessableEntity, "idempotency.mismatch");
    }

    [Fact]
    public async Task AKeyHoldsWithinItsPath()
    {
        var (one, other) = (await PublishedAsync(), await PublishedAsync());
        (await _api.JoinAsync(one, "lin", "k1")).Is(HttpStatusCode.Created);
        Assert.False((await _api.JoinAsync(other, "lin", "k1")).Is(HttpStatusCode.Created).IsReplayed);
    }

    [Fact]
    public async Task TwinsAtTheSameTimeMakeOneOrder()
    {
        var group = await PublishedAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _api.JoinAsync(group, "lin", "k1")));
        Assert.All(answers, answer => answer.Is(HttpStatusCode.Created));
        Assert.Single(answers.Select(answer => answer.Text).Distinct());
        Assert.Single(answers, answer => !answer.IsReplayed);
    }

    [Fact]
    public async Task ARefusedCallMayBeTriedAgainWithItsKey()
    {
        var group = TestSilo.NewGroup();
        (await _api.JoinAsync(group, "lin", "k1")).Is(HttpStatusCode.NotFound, "group.not_found");
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        Assert.False((await _api.JoinAsync(group, "lin", "k1")).Is(HttpStatusCode.Created).IsReplayed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x256")]
    public async Task AKeyHas1To255Characters(string key)
    {
        var group = await PublishedAsync();
        var answer = await _api.JoinAsync(group, "lin", key == "x256" ? new string('x', 256) : key);
        Assert.Equal(["Idempotency-Key"], answer.Is(HttpStatusCode.BadRequest, "request.invalid").FaultyFields);
        (await _api.JoinAsync(group, "lin", new string('x', 255))).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task PostsThatAreNoGroupsCommandsAreRememberedToo()
    {
        var group = await PublishedAsync();
        var order = (await _api.JoinAsync(group, "lin"))["orderId"];
        const string body = """{"paymentId":"p1","amount":9900,"currency":"CNY","callback":false}""";
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => _api.PostAsync($"/v1/sandbox/payments/{order}", body, "k1"))
        );
        Assert.All(answers, answer => answer.Is(HttpStatusCode.Accepted));
        Assert.Single(answers, answer => !answer.IsReplayed);
        (await _api.PostAsync($"/v1/sandbox/payments/{order}", body.Replace("9900", "9.9e3"), "k1")).Is(
            HttpStatusCode.BadRequest,
            "request.invalid"
        );
        (await _api.PostAsync($"/v1/sandbox/payments/{order}", body.Replace("9900", "9901"), "k1")).Is(
            HttpStatusCode.UnprocessableEntity,
            "idempotency.mismatch"
        );
    }

    [Fact]
    public async Task EveryCommandOfAGroupIsReplayedWithItsStatus()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group, more: ",\"capacity\":3")).Is(HttpStatusCode.Created);
        var orders = new[]
        {
            (await _api.JoinAsync(group, "lin"))["orderId"],
            (await _api.JoinAsync(group, "wang"))["orderId"],
        };
        await SameTwiceAsync(HttpStatusCode.OK, () => _api.PayAsync(orders[0], key: "pay"));
        await SameTwiceAsync(HttpStatusCode.OK, () => _api.PostAsync($"/v1/groups/{group}/end-joining", key: "end"));
        (await _api.PayAsync(orders[1])).Is(HttpStatusCode.OK);
        await Api.Until(async () => (await _api.GetAsync($"/v1/groups/{group}"))["state"] == "FULFILLED");
        var voucher = (await _api.GetAsync($"/v1/orders/{orders[0]}"))["voucherCode"];
        await SameTwiceAsync(
            HttpStatusCode.OK,
            () => _api.PostAsync($"/v1/vouchers/{voucher}/redemption", key: "redeem")
        );
        await SameTwiceAsync(
            HttpStatusCode.Accepted,
            () => _api.PostAsync($"/v1/orders/{orders[1]}/refunds", """{"reason":"too much"}""", "refund")
        );
        await SameTwiceAsync(
            HttpStatusCode.OK,
            () => _api.PostAsync($"/v1/admin/groups/{group}/settle", key: "settle")
        );
    }

    private static async Task SameTwiceAsync(HttpStatusCode status, Func<Task<Answer>> call)
    {
        var first = (await call()).Is(status);
        var again = (await call()).Is(status);
        Assert.False(first.IsReplayed);
        Assert.True(again.IsReplayed, again.Text);
        Assert.Equal(first.Text, again.Text);
    }

    private async Task<GroupId> PublishedAsync()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        return group;
    }
}
