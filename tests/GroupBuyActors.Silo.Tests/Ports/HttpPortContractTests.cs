using System.Net;
using System.Text.Json;

namespace GroupBuyActors.Silo.Tests.Ports;

/// <summary>A whole silo on services of its own: what it asks them for, and what is left of the sandbox.</summary>
public sealed class HttpPortContractTests(ServicesSilo silo) : IClassFixture<ServicesSilo>
{
    private readonly Api _api = silo.Api;

    [Fact]
    public async Task APublicationReservesAtTheServiceThatIsSet()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group, people: 3)).Is(HttpStatusCode.Created);
        var call = await silo.CallOfAsync($"reserve:{group}:1");
        Assert.Equal("/stock/v1/reservations", call.Path);
        Assert.Equal(["Bearer key-of-stock"], call.Headers!["Authorization"]);
        var body = JsonElement.Parse(call.Body!);
        Assert.Equal(
            (group.ToString(), "tea-250", 3),
            (
                body.GetProperty("groupId").GetString(),
                body.GetProperty("sku").GetString(),
                body.GetProperty("units").GetInt32()
            )
        );
    }

    [Fact]
    public async Task WhatTheServiceRefusesIsNotPublished()
    {
        var group = TestSilo.NewGroup();
        (await _api.PutAsync($"/v1/groups/{group}", Api.Offer().Replace("tea-250", ServicesSilo.SoldOut))).Is(
            HttpStatusCode.UnprocessableEntity,
            "stock.insufficient"
        );
        (await _api.GetAsync($"/v1/groups/{group}")).Is(HttpStatusCode.NotFound, "group.not_found");
    }

    [Fact]
    public async Task ASuccessIsDeductedAndToldAtTheServices()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        foreach (var buyer in (string[])["lin", "wang"])
            (await _api.JoinAsync(group, buyer)).Is(HttpStatusCode.Created);
        Assert.Equal("/stock/v1/deductions", (await silo.CallOfAsync($"deduct:{group}:1")).Path);
        foreach (var (number, buyer) in ((int, string)[])[(1, "lin"), (2, "wang")])
        {
            var notice = await silo.CallOfAsync($"notice:{group}.{number}:success");
            Assert.Equal(
                ("/push/notices", buyer),
                (notice.Path, JsonElement.Parse(notice.Body!).GetProperty("userId").GetString())
            );
        }
    }

    [Fact]
    public async Task TheSandboxOfAPortWithAServiceIsOffAndThatOfTheOthersOn()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        var order = (await _api.JoinAsync(group, "lin")).Is(HttpStatusCode.Created)["orderId"];
        (
            await _api.PostAsync(
                $"/v1/sandbox/payments/{order}",
                """{"paymentId":"p","amount":9900,"currency":"CNY"}"""
            )
        ).Is(HttpStatusCode.Accepted);
        Assert.Equal("PAID", (await _api.GetAsync($"/v1/orders/{order}"))["status"]);
        (await _api.PutAsync("/v1/sandbox/faults/payments", "{}")).Is(HttpStatusCode.OK);
        (await _api.GetAsync("/v1/sandbox/calls/payments")).Is(HttpStatusCode.OK);
        (await _api.GetAsync($"/v1/sandbox/inventory/{group.MerchantId}/tea-250")).Is(
            HttpStatusCode.NotFound,
            "route.not_found"
        );
        (await _api.PutAsync($"/v1/sandbox/inventory/{group.MerchantId}/tea-250", """{"available":7}""")).Is(
            HttpStatusCode.NotFound,
            "route.not_found"
        );
        foreach (var port in (string[])["inventory", "notices"])
        {
            (await _api.PutAsync($"/v1/sandbox/faults/{port}", "{}")).Is(HttpStatusCode.NotFound, "route.not_found");
            (await _api.GetAsync($"/v1/sandbox/calls/{port}")).Is(HttpStatusCode.NotFound, "route.not_found");
        }
    }

    [Fact]
    public async Task TheBreakersAreAmongTheFigures()
    {
        (await _api.PublishAsync(TestSilo.NewGroup())).Is(HttpStatusCode.Created);
        var figures = (await _api.GetAsync("/metrics")).Text.Split('\n');
        Assert.Contains(
            figures,
            line =>
                line.StartsWith("breaker_state{", StringComparison.Ordinal)
                && line.Contains("target=\"inventory\"", StringComparison.Ordinal)
                && line.Contains("} 0", StringComparison.Ordinal)
        );
        Assert.Contains(
            figures,
            line =>
                line.StartsWith("port_call_duration_seconds_count{", StringComparison.Ordinal)
                && line.Contains("operation=\"reserve\"", StringComparison.Ordinal)
        );
    }
}
