using System.Net;

namespace GroupBuyActors.Silo.Tests.Vouchers;

public sealed class VoucherContractTests(TestSilo silo)
{
    private readonly Api _api = silo.Api;

    [Fact]
    public async Task AVoucherIsRedeemedOnceAndTheRedemptionCanBeRevoked()
    {
        var voucher = (await _api.FulfilAsync(TestSilo.NewGroup()))[0]["voucherCode"];
        (await _api.DeleteAsync($"/v1/vouchers/{voucher}/redemption")).Is(
            HttpStatusCode.Conflict,
            "voucher.not_revocable"
        );
        var redeemed = (await _api.PostAsync($"/v1/vouchers/{voucher}/redemption")).Is(HttpStatusCode.OK);
        Assert.Equal("REDEEMED", redeemed["status"]);
        Assert.NotEmpty(redeemed["redeemedAt"]);
        (await _api.PostAsync($"/v1/vouchers/{voucher}/redemption")).Is(HttpStatusCode.Conflict, "voucher.redeemed");
        Assert.Equal(
            "VOUCHER_ISSUED",
            (await _api.DeleteAsync($"/v1/vouchers/{voucher}/redemption")).Is(HttpStatusCode.OK)["status"]
        );
        (await _api.PostAsync($"/v1/vouchers/{voucher}/redemption")).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task ARefundedVoucherIsWorthNothing()
    {
        var order = (await _api.FulfilAsync(TestSilo.NewGroup()))[0];
        (await _api.PostAsync($"/v1/orders/{order["orderId"]}/refunds")).Is(HttpStatusCode.Accepted);
        (await _api.PostAsync($"/v1/vouchers/{order["voucherCode"]}/redemption")).Is(
            HttpStatusCode.Conflict,
            "voucher.refunded"
        );
    }

    [Fact]
    public async Task ALapsedVoucherIsRefused()
    {
        var voucher = (await _api.FulfilAsync(TestSilo.NewGroup(), more: ",\"voucherValidity\":\"PT0.001S\""))[0][
            "voucherCode"
        ];
        (await _api.PostAsync($"/v1/vouchers/{voucher}/redemption")).Is(HttpStatusCode.Conflict, "voucher.lapsed");
    }

    [Fact]
    public async Task AnUnknownCodeAndOneThatCannotBeReadAreAnsweredAlike()
    {
        var order = (await _api.FulfilAsync(TestSilo.NewGroup()))[0]["orderId"];
        string[] codes =
        [
            "nonsense",
            "1.2",
            $"{order}.abcdefghijklmnopqrstuvwxyz",
            $"{TestSilo.NewGroup()}.1.abcdefghijklmnopqrstuvwxyz",
            $"{order}9.abcdefghijklmnopqrstuvwxyz",
        ];
        foreach (var code in codes)
        {
            (await _api.PostAsync($"/v1/vouchers/{code}/redemption")).Is(HttpStatusCode.NotFound, "voucher.not_found");
            (await _api.DeleteAsync($"/v1/vouchers/{code}/redemption")).Is(
                HttpStatusCode.NotFound,
                "voucher.not_found"
            );
        }
    }
}
