using System.Net;

namespace GroupBuyActors.Silo.Tests.Admin;

public sealed class AdminContractTests(TestSilo silo)
{
    private readonly Api _api = silo.Api;

    [Fact]
    public async Task TheClusterNamesItsSilo()
    {
        var entry = Assert.Single(
            (await _api.GetAsync("/v1/admin/cluster"))
                .Is(HttpStatusCode.OK)
                .Json.GetProperty("silos")
                .EnumerateArray()
                .ToArray()
        );
        Assert.Equal(
            ["actorsToMove", "address", "draining", "groups", "name", "region", "shards", "shardsToMove", "status"],
            entry.EnumerateObject().Select(member => member.Name).Order()
        );
        Assert.Equal("active", entry.GetProperty("status").GetString());
        Assert.Equal(ShardId.Count, entry.GetProperty("shards").GetInt32());
    }

    [Fact]
    public async Task EveryShardHasItsOwnerAndEpoch()
    {
        var shards = (await _api.GetAsync("/v1/admin/shards"))
            .Is(HttpStatusCode.OK)
            .Json.GetProperty("items")
            .EnumerateArray()
            .ToArray();
        Assert.Equal(ShardId.Count, shards.Length);
        Assert.Equal("shard_000_r0", shards[0].GetProperty("shard").GetString());
        Assert.All(shards, shard => Assert.True(shard.GetProperty("epoch").GetInt64() > 0));
    }

    [Fact]
    public async Task ATaskOfAGroupIsListedAndRead()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        (await _api.JoinAsync(group, "lin")).Is(HttpStatusCode.Created);
        var items = (await _api.GetAsync($"/v1/admin/tasks?groupId={group}"))
            .Is(HttpStatusCode.OK)
            .Json.GetProperty("items")
            .EnumerateArray()
            .ToArray();
        Assert.Equal(
            ["group-deadline", "order-close"],
            items.Select(item => item.GetProperty("taskType").GetString()).Order()
        );
        Assert.All(items, item => Assert.Equal("pending", item.GetProperty("status").GetString()));
        Assert.Equal(
            items.Select(item => item.GetProperty("executeAt").GetString()).OrderDescending(),
            items.Select(item => item.GetProperty("executeAt").GetString())
        );
        var id = items[0].GetProperty("taskId").GetString()!;
        Assert.Equal(
            id,
            (await _api.GetAsync($"/v1/admin/tasks/{Uri.EscapeDataString(id)}")).Is(HttpStatusCode.OK)["taskId"]
        );
        Assert.Single(
            (await _api.GetAsync($"/v1/admin/tasks?groupId={group}&type=order-close&limit=1"))
                .Json.GetProperty("items")
                .EnumerateArray()
        );
        (await _api.GetAsync($"/v1/admin/tasks/groups:{group}:999:order-close:0")).Is(
            HttpStatusCode.NotFound,
            "task.not_found"
        );
        (await _api.GetAsync("/v1/admin/tasks/nonsense")).Is(HttpStatusCode.NotFound, "task.not_found");
    }

    [Theory]
    [InlineData("pending")]
    [InlineData("running")]
    [InlineData("success")]
    [InlineData("failed")]
    [InlineData("cancelled")]
    [InlineData("expired")]
    [InlineData("dead")]
    public async Task APageTokenThatNoListGaveIsRefusedWhateverTheStatus(string status)
    {
        var path = $"/v1/admin/tasks?status={status}";
        (await _api.GetAsync(path)).Is(HttpStatusCode.OK);
        var refused = await _api.GetAsync($"{path}&after=nonsense");
        Assert.Equal(["after"], refused.Is(HttpStatusCode.BadRequest, "request.invalid").FaultyFields);
    }

    [Fact]
    public async Task TheBooksFollowTheMoneyAndBalance()
    {
        var group = TestSilo.NewGroup();
        var orders = await _api.FulfilAsync(group);
        (await _api.PostAsync($"/v1/orders/{orders[1]["orderId"]}/refunds")).Is(HttpStatusCode.Accepted);
        var path = $"/v1/admin/reconciliation?merchantId={group.MerchantId}";
        await Api.Until(async () =>
            (await _api.GetAsync(path)).Is(HttpStatusCode.OK).Json.GetProperty("currencies") is { } lines
            && lines.GetArrayLength() == 1
            && lines[0].GetProperty("refunded").GetInt64() == 9900
        );
        var books = await _api.GetAsync(path);
        Assert.Equal(
            """[{"currency":"CNY","paid":19800,"held":9900,"settled":0,"refunding":0,"refunded":9900}]""",
            books.Json.GetProperty("currencies").GetRawText()
        );
        Assert.Equal(
            """{"reserved":2,"outstanding":0,"deducted":2,"released":0}""",
            books.Json.GetProperty("stock").GetRawText()
        );
        Assert.True(books.Json.GetProperty("balanced").GetBoolean());
    }

    [Fact]
    public async Task SettlingIsAudited()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        Assert.Equal(
            "ON_SHELF",
            (await _api.PostAsync($"/v1/admin/groups/{group}/settle")).Is(HttpStatusCode.OK)["state"]
        );
        var entry = (await _api.GetAsync("/v1/admin/audit?limit=500"))
            .Is(HttpStatusCode.OK)
            .Json.GetProperty("items")
            .EnumerateArray()
            .Single(item => item.GetProperty("target").GetString() == group.Value);
        Assert.Equal("group.settle", entry.GetProperty("action").GetString());
        Assert.Equal("open", entry.GetProperty("caller").GetString());
    }
}
