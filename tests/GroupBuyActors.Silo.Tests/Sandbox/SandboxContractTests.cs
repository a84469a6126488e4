using System.Net;

namespace GroupBuyActors.Silo.Tests.Sandbox;

public sealed class SandboxContractTests(TestSilo silo)
{
    private readonly Api _api = silo.Api;

    [Fact]
    public async Task StockIsSetAndRead()
    {
        var path = $"/v1/sandbox/inventory/{TestSilo.NewMerchant()}/{Uri.EscapeDataString("tea/龙井 %")}";
        Assert.Equal(
            """{"available":1000000,"reserved":0,"deducted":0}""",
            (await _api.GetAsync(path)).Is(HttpStatusCode.OK).Text
        );
        (await _api.PutAsync(path, """{"available":7,"reserved":2,"deducted":1}""")).Is(HttpStatusCode.OK);
        Assert.Equal(
            """{"available":7,"reserved":2,"deducted":1}""",
            (await _api.GetAsync(path)).Is(HttpStatusCode.OK).Text
        );
        Assert.Equal(
            ["available", "deducted"],
            (await _api.PutAsync(path, """{"deducted":-1}"""))
                .Is(HttpStatusCode.BadRequest, "request.invalid")
                .FaultyFields
        );
    }

    [Fact]
    public async Task APaymentWithCallbackReachesTheGroupAndOneWithoutDoesNot()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        var (told, untold) = (
            (await _api.JoinAsync(group, "lin"))["orderId"],
            (await _api.JoinAsync(group, "wang"))["orderId"]
        );
        (
            await _api.PostAsync($"/v1/sandbox/payments/{told}", """{"paymentId":"p","amount":9900,"currency":"CNY"}""")
        ).Is(HttpStatusCode.Accepted);
        (
            await _api.PostAsync(
                $"/v1/sandbox/payments/{untold}",
                """{"paymentId":"p","amount":9900,"currency":"CNY","callback":false}"""
            )
        ).Is(HttpStatusCode.Accepted);
        Assert.Equal("PAID", (await _api.GetAsync($"/v1/orders/{told}"))["status"]);
        Assert.Equal("PENDING_PAYMENT", (await _api.GetAsync($"/v1/orders/{untold}"))["status"]);
    }

    [Fact]
    public async Task ASilentInventoryMakesPublicationUnavailableAndTheCallIsCounted()
    {
        var group = TestSilo.NewGroup();
        var sku = $"silent-{group.MerchantId}";
        (await _api.PutAsync("/v1/sandbox/faults/inventory", $$"""{"failRate":1,"sku":"{{sku}}"}""")).Is(
            HttpStatusCode.OK
        );
        try
        {
            (await _api.PutAsync($"/v1/groups/{group}", Api.Offer().Replace("tea-250", sku))).Is(
                HttpStatusCode.ServiceUnavailable,
                "inventory.unavailable"
            );
        }
        finally
        {
            (await _api.PutAsync("/v1/sandbox/faults/inventory", "{}")).Is(HttpStatusCode.OK);
        }

        (await _api.GetAsync($"/v1/groups/{group}")).Is(HttpStatusCode.NotFound, "group.not_found");
        var call = Assert.Single(
            (await _api.GetAsync($"/v1/sandbox/calls/inventory?key=reserve:{group}:1"))
                .Is(HttpStatusCode.OK)
                .Json.GetProperty("items")
                .EnumerateArray()
                .ToArray()
        );
        Assert.Equal(
            ["firstAt", "key", "lastAt", "operation", "times"],
            call.EnumerateObject().Select(member => member.Name).Order()
        );
        (await _api.PutAsync($"/v1/groups/{group}", Api.Offer().Replace("tea-250", sku))).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task FaultsAreCheckedAndPortsKnown()
    {
        Assert.Equal(
            ["delayMs", "failRate", "permanent", "sku"],
            (
                await _api.PutAsync(
                    "/v1/sandbox/faults/notices",
                    """{"failRate":2,"delayMs":-1,"permanent":"yes","sku":7}"""
                )
            )
                .Is(HttpStatusCode.BadRequest, "request.invalid")
                .FaultyFields
        );
        (await _api.PutAsync("/v1/sandbox/faults/weather", "{}")).Is(HttpStatusCode.NotFound, "route.not_found");
        (await _api.GetAsync("/v1/sandbox/calls/weather")).Is(HttpStatusCode.NotFound, "route.not_found");
    }
}
