using System.Net;

namespace GroupBuyActors.Silo.Tests.Groups;

public sealed class GroupContractTests(TestSilo silo)
{
    private readonly Api _api = silo.Api;

    [Fact]
    public async Task APublishedGroupIsCreatedWithItsLocationAndEveryMemberOfTheContract()
    {
        var group = TestSilo.NewGroup();
        var made = (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        Assert.Equal($"/v1/groups/{group}", made.Headers.Location?.ToString());
        string[] names =
        [
            "groupId",
            "state",
            "title",
            "sku",
            "unitPrice",
            "minGroupSize",
            "capacity",
            "perUserLimit",
            "buyers",
            "buyersPaid",
            "seatsTaken",
            "seatsPaid",
            "shelfAt",
            "opensAt",
            "deadline",
            "settlesBy",
            "sequence",
            "updatedAt",
            "openDelay",
            "timeout",
            "paymentWindow",
            "voucherValidity",
            "revokeWindow",
            "lapsePolicy",
            "countBy",
        ];
        Assert.Equal(names.Order(), made.Json.EnumerateObject().Select(member => member.Name).Order());
        Assert.Equal("ON_SHELF", made["state"]);
        Assert.Equal("龙井 tea", made["title"]);
        Assert.Contains("龙井", made.Text, StringComparison.Ordinal);
        Assert.Equal("P1D", made["timeout"]);
        Assert.Equal("PT30M", made["paymentWindow"]);
        Assert.Equal("refund", made["lapsePolicy"]);
        Assert.Equal("joined", made["countBy"]);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", made["shelfAt"]);
        Assert.Equal(made.Text, (await _api.GetAsync($"/v1/groups/{group}")).Is(HttpStatusCode.OK).Text);
    }

    [Fact]
    public async Task TheSameContentAgainIsFineAndOtherContentIsRefused()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        (await _api.PublishAsync(group)).Is(HttpStatusCode.OK);
        (await _api.PublishAsync(group, people: 5)).Is(HttpStatusCode.Conflict, "group.exists");
    }

    [Fact]
    public async Task UnknownMembersAreIgnored() =>
        (await _api.PublishAsync(TestSilo.NewGroup(), more: ",\"colour\":\"green\"")).Is(HttpStatusCode.Created);

    [Fact]
    public async Task AGroupThatIsNotThereIsNotFound()
    {
        var group = TestSilo.NewGroup();
        (await _api.GetAsync($"/v1/groups/{group}")).Is(HttpStatusCode.NotFound, "group.not_found");
        (await _api.DeleteAsync($"/v1/groups/{group}")).Is(HttpStatusCode.NotFound, "group.not_found");
        (await _api.PostAsync($"/v1/groups/{group}/end-joining")).Is(HttpStatusCode.NotFound, "group.not_found");
        (await _api.JoinAsync(group, "lin")).Is(HttpStatusCode.NotFound, "group.not_found");
        (await _api.GetAsync($"/v1/groups/{group}/history")).Is(HttpStatusCode.NotFound, "group.not_found");
        (await _api.GetAsync($"/v1/groups/{group}/events")).Is(HttpStatusCode.NotFound, "group.not_found");
        (await _api.PostAsync($"/v1/admin/groups/{group}/settle")).Is(HttpStatusCode.NotFound, "group.not_found");
    }

    [Theory]
    [InlineData("0.SH.tea")]
    [InlineData("10042.sh.tea")]
    [InlineData("10042.SH.Tea")]
    [InlineData("10042.SH")]
    [InlineData("99999999999999999999.SH.tea")]
    public async Task AMalformedGroupIdIsAFaultOfTheRequest(string id)
    {
        Assert.Equal(
            ["groupId"],
            (await _api.GetAsync($"/v1/groups/{id}")).Is(HttpStatusCode.BadRequest, "request.invalid").FaultyFields
        );
        (await _api.PutAsync($"/v1/groups/{id}", Api.Offer())).Is(HttpStatusCode.BadRequest, "request.invalid");
        (await _api.DeleteAsync($"/v1/groups/{id}")).Is(HttpStatusCode.BadRequest, "request.invalid");
        (await _api.PostAsync($"/v1/groups/{id}/end-joining")).Is(HttpStatusCode.BadRequest, "request.invalid");
        (await _api.GetAsync($"/v1/groups/{id}/history")).Is(HttpStatusCode.BadRequest, "request.invalid");
        (await _api.GetAsync($"/v1/groups/{id}/events")).Is(HttpStatusCode.BadRequest, "request.invalid");
    }

    [Fact]
    public async Task AWithdrawnGroupIsExpiredAndStaysSo()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        var gone = (await _api.DeleteAsync($"/v1/groups/{group}")).Is(HttpStatusCode.OK);
        Assert.Equal(("EXPIRED", "withdrawn"), (gone["state"], gone["reason"]));
        Assert.Equal("EXPIRED", (await _api.DeleteAsync($"/v1/groups/{group}")).Is(HttpStatusCode.OK)["state"]);
        (await _api.JoinAsync(group, "lin")).Is(HttpStatusCode.Conflict, "group.closed");
        (await _api.PostAsync($"/v1/groups/{group}/end-joining")).Is(HttpStatusCode.Conflict, "group.not_successful");
    }

    [Fact]
    public async Task JoiningEndsEarlyInSuccessOnly()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group, more: ",\"capacity\":10")).Is(HttpStatusCode.Created);
        (await _api.PostAsync($"/v1/groups/{group}/end-joining")).Is(HttpStatusCode.Conflict, "group.not_successful");
        (await _api.JoinAsync(group, "lin")).Is(HttpStatusCode.Created);
        (await _api.JoinAsync(group, "wang")).Is(HttpStatusCode.Created);
        Assert.Equal(
            "SUCCESS",
            (await _api.PostAsync($"/v1/groups/{group}/end-joining")).Is(HttpStatusCode.OK)["state"]
        );
        (await _api.JoinAsync(group, "zhao")).Is(HttpStatusCode.Conflict, "group.closed");
        (await _api.DeleteAsync($"/v1/groups/{group}")).Is(HttpStatusCode.Conflict, "group.not_withdrawable");
    }

    [Fact]
    public async Task ASkuWithoutEnoughStockIsRefusedAndLeavesNoGroup()
    {
        var group = TestSilo.NewGroup();
        (await _api.PutAsync($"/v1/sandbox/inventory/{group.MerchantId}/tea-250", """{"available":1}""")).Is(
            HttpStatusCode.OK
        );
        (await _api.PublishAsync(group)).Is(HttpStatusCode.UnprocessableEntity, "stock.insufficient");
        (await _api.GetAsync($"/v1/groups/{group}")).Is(HttpStatusCode.NotFound, "group.not_found");
    }

    [Fact]
    public async Task AJoinCarriesItsGroup()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        var order = (await _api.JoinAsync(group, "lin")).Is(HttpStatusCode.Created);
        Assert.Equal($"/v1/orders/{group}.1", order.Headers.Location?.ToString());
        Assert.Equal(
            ["closesAt", "group", "groupId", "orderId", "placedAt", "quantity", "status", "total", "userId"],
            order.Json.EnumerateObject().Select(member => member.Name).Order()
        );
        Assert.Equal(
            """{"state":"OPENING","seatsTaken":1,"seatsPaid":0,"sequence":5}""",
            order.Json.GetProperty("group").GetRawText()
        );
        Assert.Equal("""{"amount":9900,"currency":"CNY"}""", order.Json.GetProperty("total").GetRawText());
    }

    [Fact]
    public async Task JoinsAreRefusedInTheOrderOfTheContract()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group, more: ",\"openDelay\":\"PT1H\"")).Is(HttpStatusCode.Created);
        (await _api.JoinAsync(group, "lin")).Is(HttpStatusCode.Conflict, "group.not_open");
        var open = TestSilo.NewGroup();
        (await _api.PublishAsync(open)).Is(HttpStatusCode.Created);
        (await _api.JoinAsync(open, "lin")).Is(HttpStatusCode.Created);
        (await _api.JoinAsync(open, "lin")).Is(HttpStatusCode.Conflict, "order.limit_reached");
        (await _api.JoinAsync(open, "Lin")).Is(HttpStatusCode.Created);
        (await _api.JoinAsync(open, "wang")).Is(HttpStatusCode.Conflict, "group.full");
    }

    [Fact]
    public async Task AListIsNewestFirstAndPagedWithoutGapsOrRepeats()
    {
        var merchant = TestSilo.NewMerchant();
        for (var i = 1; i <= 5; i++)
            (await _api.PublishAsync(GroupId.Parse($"{merchant}.SH-PUDONG.tea-{i}"))).Is(HttpStatusCode.Created);
        await Api.Until(async () =>
            (await _api.GetAsync($"/v1/groups?merchantId={merchant}")).Json.GetProperty("items").GetArrayLength() == 5
        );
        var seen = new List<string>();
        string? next = null;
        do
        {
            var after = next is null ? "" : $"&after={Uri.EscapeDataString(next)}";
            var page = (await _api.GetAsync($"/v1/groups?merchantId={merchant}&limit=2{after}"))
                .Is(HttpStatusCode.OK)
                .Json;
            seen.AddRange(
                page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("groupId").GetString()!)
            );
            next = page.TryGetProperty("next", out var mark) ? mark.GetString() : null;
        } while (next is not null);
        Assert.Equal(Enumerable.Range(1, 5).Reverse().Select(i => $"{merchant}.SH-PUDONG.tea-{i}"), seen);
        Assert.Empty(
            (await _api.GetAsync($"/v1/groups?merchantId={merchant}&state=EXPIRED"))
                .Is(HttpStatusCode.OK)
                .Json.GetProperty("items")
                .EnumerateArray()
        );
        Assert.Empty(
            (await _api.GetAsync($"/v1/groups?merchantId={merchant}&region=BJ"))
                .Is(HttpStatusCode.OK)
                .Json.GetProperty("items")
                .EnumerateArray()
        );
    }
}
