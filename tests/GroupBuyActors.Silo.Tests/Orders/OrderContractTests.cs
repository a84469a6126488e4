using System.Net;

namespace GroupBuyActors.Silo.Tests.Orders;

public sealed class OrderContractTests(TestSilo silo)
{
    private readonly Api _api = silo.Api;

    [Fact]
    public async Task AnOrderCanBeReadAndCancelledBeforePayment()
    {
        var (_, order) = await JoinedAsync();
        Assert.Equal("PENDING_PAYMENT", (await _api.GetAsync($"/v1/orders/{order}")).Is(HttpStatusCode.OK)["status"]);
        var gone = (await _api.DeleteAsync($"/v1/orders/{order}")).Is(HttpStatusCode.OK);
        Assert.Equal(("CLOSED", "cancelled"), (gone["status"], gone["closeReason"]));
        Assert.Equal("CLOSED", (await _api.DeleteAsync($"/v1/orders/{order}")).Is(HttpStatusCode.OK)["status"]);
        (await _api.PostAsync($"/v1/orders/{order}/refunds")).Is(HttpStatusCode.Conflict, "order.not_refundable");
    }

    [Fact]
    public async Task APaidOrderIsNotCancelledButRefundedAndAskingAgainIsTheSame()
    {
        var (_, order) = await JoinedAsync();
        var paid = (await _api.PayAsync(order)).Is(HttpStatusCode.OK);
        Assert.Equal("PAID", paid["status"]);
        Assert.NotEmpty(paid["paidAt"]);
        (await _api.DeleteAsync($"/v1/orders/{order}")).Is(HttpStatusCode.Conflict, "order.not_cancellable");
        Assert.Equal(
            "REFUNDING",
            (await _api.PostAsync($"/v1/orders/{order}/refunds", """{"reason":"changed my mind"}""")).Is(
                HttpStatusCode.Accepted
            )["status"]
        );
        (await _api.PostAsync($"/v1/orders/{order}/refunds")).Is(HttpStatusCode.Accepted);
        await Api.Until(async () => (await _api.GetAsync($"/v1/orders/{order}"))["status"] == "REFUNDED");
        Assert.NotEmpty(
            (await _api.PostAsync($"/v1/orders/{order}/refunds", "{}")).Is(HttpStatusCode.Accepted)["refundedAt"]
        );
    }

    [Fact]
    public async Task ARepeatedPaymentIsTheSameAndAnotherAmountAConflict()
    {
        var (_, order) = await JoinedAsync();
        (await _api.PayAsync(order)).Is(HttpStatusCode.OK);
        (await _api.PayAsync(order)).Is(HttpStatusCode.OK);
        (await _api.PayAsync(order, amount: 1)).Is(HttpStatusCode.UnprocessableEntity, "payment.conflict");
        Assert.Equal("PAID", (await _api.PayAsync(order, paymentId: "p-2")).Is(HttpStatusCode.Accepted)["status"]);
    }

    [Fact]
    public async Task AWrongAmountThatTheProviderDeniesIsRefused()
    {
        var (_, order) = await JoinedAsync();
        (await _api.PayAsync(order, amount: 1)).Is(HttpStatusCode.UnprocessableEntity, "payment.amount_mismatch");
        Assert.Equal("PENDING_PAYMENT", (await _api.GetAsync($"/v1/orders/{order}"))["status"]);
    }

    [Fact]
    public async Task MoneyForAClosedOrderIsTakenAndGoesBack()
    {
        var (_, order) = await JoinedAsync();
        (await _api.DeleteAsync($"/v1/orders/{order}")).Is(HttpStatusCode.OK);
        (await _api.PayAsync(order, amount: 5)).Is(HttpStatusCode.Accepted);
        await Api.Until(async () => (await _api.GetAsync($"/v1/orders/{order}"))["status"] == "REFUNDED");
    }

    [Fact]
    public async Task AnOrderThatIsNotThereIsNotFound()
    {
        var (group, _) = await JoinedAsync();
        (await _api.GetAsync($"/v1/orders/{group}.99")).Is(HttpStatusCode.NotFound, "order.not_found");
        (await _api.DeleteAsync($"/v1/orders/{group}.99")).Is(HttpStatusCode.NotFound, "order.not_found");
        (await _api.PayAsync($"{group}.99")).Is(HttpStatusCode.NotFound, "order.not_found");
        (await _api.PostAsync($"/v1/orders/{group}.99/refunds")).Is(HttpStatusCode.NotFound, "order.not_found");
        (await _api.GetAsync($"/v1/orders/{TestSilo.NewGroup()}.1")).Is(HttpStatusCode.NotFound, "order.not_found");
    }

    [Fact]
    public async Task ABuyersOrdersAreListedNewestFirstWhateverTheName()
    {
        var user = $"林 a/b%?#{TestSilo.NewMerchant()}";
        var groups = new[] { TestSilo.NewGroup(), TestSilo.NewGroup(), TestSilo.NewGroup() };
        foreach (var group in groups)
        {
            (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
            (await _api.JoinAsync(group, user)).Is(HttpStatusCode.Created);
        }

        var path = $"/v1/users/{Uri.EscapeDataString(user)}/orders";
        await Api.Until(async () =>
            (await _api.GetAsync(path)).Is(HttpStatusCode.OK).Json.GetProperty("items").GetArrayLength() == 3
        );
        var first = (await _api.GetAsync($"{path}?limit=2")).Json;
        var second = (
            await _api.GetAsync($"{path}?limit=2&after={Uri.EscapeDataString(first.GetProperty("next").GetString()!)}")
        ).Json;
        var orders = first
            .GetProperty("items")
            .EnumerateArray()
            .Concat(second.GetProperty("items").EnumerateArray())
            .Select(order => order.GetProperty("orderId").GetString());
        Assert.Equal(groups.Reverse().Select(group => $"{group}.1"), orders);
        Assert.False(second.TryGetProperty("next", out _));
    }

    /// <summary>
    /// Lists may lag by a second; this one is read from what the change's own commit wrote, and does not lag at all.
    /// </summary>
    [Fact]
    public async Task ABuyersListShowsAChangeAsSoonAsItIsAnswered()
    {
        var user = $"at-once-{TestSilo.NewMerchant()}";
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        var order = (await _api.JoinAsync(group, user)).Is(HttpStatusCode.Created)["orderId"];
        await ShowsAsync("PENDING_PAYMENT");
        (await _api.PayAsync(order)).Is(HttpStatusCode.OK);
        await ShowsAsync("PAID");
        (await _api.PostAsync($"/v1/orders/{order}/refunds")).Is(HttpStatusCode.Accepted);
        var status = (await _api.GetAsync($"/v1/users/{user}/orders"))
            .Json.GetProperty("items")[0]
            .GetProperty("status")
            .GetString();
        Assert.True(status is "REFUNDING" or "REFUNDED", status);

        async Task ShowsAsync(string expected)
        {
            var list = (await _api.GetAsync($"/v1/users/{user}/orders"))
                .Is(HttpStatusCode.OK)
                .Json.GetProperty("items");
            Assert.Equal(1, list.GetArrayLength());
            Assert.Equal(expected, list[0].GetProperty("status").GetString());
            // The list and the order itself are one document.
            Assert.Equal((await _api.GetAsync($"/v1/orders/{order}")).Text, list[0].GetRawText());
        }
    }

    private async Task<(GroupId Group, string Order)> JoinedAsync()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        return (group, (await _api.JoinAsync(group, "lin")).Is(HttpStatusCode.Created)["orderId"]);
    }
}
