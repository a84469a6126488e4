using System.Net;
using System.Text.Json;

namespace GroupBuyActors.Silo.Tests.Admin;

/// <summary>A merchant's books beside those of the ports, by HTTP.</summary>
public sealed class BookContractTests(TestSilo silo)
{
    private readonly Api _api = silo.Api;

    [Fact]
    public async Task BooksThatAgreeSaySo()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        for (var n = 1; n <= 2; n++)
        {
            var order = (await _api.JoinAsync(group, $"buyer-{n}")).Is(HttpStatusCode.Created)["orderId"];
            (
                await _api.PostAsync(
                    $"/v1/sandbox/payments/{order}",
                    """{"paymentId":"p-1","amount":9900,"currency":"CNY"}"""
                )
            ).Is(HttpStatusCode.Accepted);
        }

        await Api.Until(async () => (await _api.GetAsync($"/v1/groups/{group}"))["state"] == "FULFILLED");
        (await _api.PostAsync($"/v1/orders/{group}.2/refunds")).Is(HttpStatusCode.Accepted);
        await Api.Until(async () => (await _api.GetAsync($"/v1/orders/{group}.2"))["status"] == "REFUNDED");
        await Api.Until(async () =>
            (await BooksAsync(group)).GetProperty("currencies") is var lines
            && lines.GetArrayLength() == 1
            && lines[0].GetProperty("refunded").GetInt64() == 9900
        );

        var books = await BooksAsync(group);
        Assert.Equal(
            ["balanced", "currencies", "ports", "stock"],
            books.EnumerateObject().Select(member => member.Name).Order()
        );
        var ports = books.GetProperty("ports");
        foreach (var port in (string[])["payments", "inventory"])
            Assert.Equal(
                """{"answered":true,"count":0,"kinds":{},"underway":0,"differing":[]}""",
                ports.GetProperty(port).GetRawText()
            );
        Assert.False(ports.GetProperty("truncated").GetBoolean());
        Assert.True(ports.TryGetProperty("comparedAt", out _));
    }

    [Fact]
    public async Task WhatDiffersIsNamedWithBothSides()
    {
        var group = TestSilo.NewGroup();
        await _api.FulfilAsync(group);
        // Told to the orders directly: the provider has never heard of these payments. One more only the provider has
        // heard of.
        (
            await _api.PostAsync(
                $"/v1/sandbox/payments/{group}.1",
                """{"paymentId":"p-9","amount":5,"currency":"CNY","callback":false}"""
            )
        ).Is(HttpStatusCode.Accepted);
        await Api.Until(async () => (await PortsAsync(group, "payments")).GetProperty("count").GetInt64() == 3);
        var payments = await PortsAsync(group, "payments");
        Assert.Equal("""{"missing-at-port":2,"missing-here":1}""", Sorted(payments.GetProperty("kinds")));
        var differing = payments.GetProperty("differing").EnumerateArray().Select(line => line.GetRawText()).ToList();
        Assert.Equal(
            [
                Differing($"{group}.1", "p-1", "missing-at-port", "ours", 9900),
                Differing($"{group}.1", "p-9", "missing-here", "theirs", 5),
                Differing($"{group}.2", "p-1", "missing-at-port", "ours", 9900),
            ],
            differing
        );
    }

    private static string Differing(string order, string payment, string kind, string side, int amount) =>
        $"{{\"orderId\":\"{order}\",\"paymentId\":\"{payment}\",\"kind\":\"{kind}\","
        + $"\"{side}\":{{\"amount\":{{\"amount\":{amount},\"currency\":\"CNY\"}},\"state\":\"held\"}}}}";

    [Fact]
    public async Task BooksOfTheDearestOrdersThereCanBeAddUp()
    {
        var merchant = TestSilo.NewMerchant();
        for (var n = 1; n <= 95; n++)
        {
            var group = GroupId.Parse($"{merchant}.SH-PUDONG.dear-{n}");
            var termsRequest = $$"""
                {"title":"t","sku":"dear-{{n}}","unitPrice":{"amount":1000000000000,"currency":"CNY"},
                 "minGroupSize":2,"capacity":100000,"perUserLimit":100000}
                """;
            (await _api.PutAsync($"/v1/groups/{group}", termsRequest)).Is(HttpStatusCode.Created);
            var order = (
                await _api.PostAsync($"/v1/groups/{group}/orders", """{"userId":"lin","quantity":100000}""")
            ).Is(HttpStatusCode.Created)["orderId"];
            Assert.Equal(
                "PAID",
                (await _api.PayAsync(order, amount: 100_000_000_000_000_000)).Is(HttpStatusCode.OK)["status"]
            );
        }

        const string Paid = "9500000000000000000";
        var path = $"/v1/admin/reconciliation?merchantId={merchant}&ports=false";
        await Api.Until(async () =>
            (await _api.GetAsync(path))
                .Is(HttpStatusCode.OK)
                .Text.Contains($"\"paid\":{Paid}", StringComparison.Ordinal)
        );
        var books = (await _api.GetAsync(path)).Json;
        Assert.Equal(
            $$"""{"currency":"CNY","paid":{{Paid}},"held":{{Paid}},"settled":0,"refunding":0,"refunded":0}""",
            books.GetProperty("currencies")[0].GetRawText()
        );
        Assert.True(books.GetProperty("balanced").GetBoolean());
        Assert.Equal(
            Int128.Parse(Paid, System.Globalization.CultureInfo.InvariantCulture),
            (await silo.Client.BooksAsync(merchant)).Currencies[0].Held
        );
    }

    [Fact]
    public async Task AnAmountThatNoOrderCanCostIsRefusedWithTheBoundAndLeavesNoTrace()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        var order = (await _api.JoinAsync(group, "lin")).Is(HttpStatusCode.Created)["orderId"];
        (await _api.DeleteAsync($"/v1/orders/{order}")).Is(HttpStatusCode.OK);
        for (var n = 1; n <= 2; n++)
        {
            var refused = (await _api.PayAsync(order, amount: long.MaxValue, paymentId: $"late-{n}")).Is(
                HttpStatusCode.BadRequest,
                "request.invalid"
            );
            Assert.Contains(
                "between 1 and 100000000000000000 minor units",
                refused.Json.GetProperty("errors").GetProperty("amount")[0].GetString(),
                StringComparison.Ordinal
            );
        }

        (await _api.PayAsync(order, amount: 100_000_000_000_000_000, paymentId: "late-3")).Is(HttpStatusCode.Accepted);
        var stock = await _api.PutAsync(
            $"/v1/sandbox/inventory/{group.MerchantId}/tea-250",
            """{"available":1000000000001}"""
        );
        Assert.Contains(
            "between 0 and 1000000000000",
            stock
                .Is(HttpStatusCode.BadRequest, "request.invalid")
                .Json.GetProperty("errors")
                .GetProperty("available")[0]
                .GetString(),
            StringComparison.Ordinal
        );
        await Api.Until(async () =>
            (await BooksAsync(group)).GetProperty("currencies") is var lines
            && lines.GetArrayLength() == 1
            && lines[0].GetProperty("refunded").GetInt64() == 100_000_000_000_000_000
        );
    }

    [Fact]
    public async Task ComparingCanBeSwitchedOff()
    {
        var path = $"/v1/admin/reconciliation?merchantId={TestSilo.NewMerchant()}";
        Assert.Equal(
            """{"currencies":[],"stock":{"reserved":0,"outstanding":0,"deducted":0,"released":0},"balanced":true}""",
            (await _api.GetAsync($"{path}&ports=false")).Is(HttpStatusCode.OK).Text
        );
        Assert.True(
            (await _api.GetAsync($"{path}&ports=true")).Is(HttpStatusCode.OK).Json.TryGetProperty("ports", out _)
        );
        Assert.Equal(
            ["ports"],
            (await _api.GetAsync($"{path}&ports=maybe")).Is(HttpStatusCode.BadRequest, "request.invalid").FaultyFields
        );
        Assert.Equal(
            ["merchantId", "ports"],
            (await _api.GetAsync("/v1/admin/reconciliation?merchantId=x&ports=1"))
                .Is(HttpStatusCode.BadRequest, "request.invalid")
                .FaultyFields
        );
        (await _api.GetAsync("/v1/admin/reconciliation")).Is(HttpStatusCode.BadRequest, "request.invalid");
    }

    [Fact]
    public async Task TheDailyComparisonIsASchedule()
    {
        var schedules = (await _api.GetAsync("/v1/admin/schedules"))
            .Is(HttpStatusCode.OK)
            .Json.GetProperty("items")
            .EnumerateArray()
            .ToList();
        Assert.Equal(
            ["reconciliation", "voucher-scan"],
            schedules.Select(schedule => schedule.GetProperty("job").GetString()).Order()
        );
        Assert.Equal(
            "reconciliation",
            (await _api.GetAsync("/v1/admin/policies/reconciliation")).Is(HttpStatusCode.OK)["taskType"]
        );
    }

    private async Task<JsonElement> BooksAsync(GroupId group) =>
        (await _api.GetAsync($"/v1/admin/reconciliation?merchantId={group.MerchantId}")).Is(HttpStatusCode.OK).Json;

    private async Task<JsonElement> PortsAsync(GroupId group, string port) =>
        (await BooksAsync(group)).GetProperty("ports").GetProperty(port);

    private static string Sorted(JsonElement kinds) =>
        JsonSerializer.Serialize(
            kinds
                .EnumerateObject()
                .OrderBy(kind => kind.Name, StringComparer.Ordinal)
                .ToDictionary(kind => kind.Name, kind => kind.Value.GetInt64())
        );
}
