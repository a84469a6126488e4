using GroupBuyActors.Client;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Silo.Demo;

/// <summary>Fulfilled: three buyers join and pay, vouchers are issued, one is redeemed, one is refunded.</summary>
internal sealed class TeaScene(Campaign tea, GroupBuyClient client, Narrator narrator)
{
    public async Task PlayAsync()
    {
        await tea.PublishAsync();
        var (lin, wang, zhao) = (await tea.JoinAsync("lin"), await tea.JoinAsync("wang"), await JoinTwiceAsync("zhao"));
        narrator.Check(
            $"a fourth buyer is refused: {"group.full"}",
            await Campaign.RefusalAsync(() => client.JoinAsync(tea.Id, "sun")) == "group.full"
        );
        foreach (var order in (OrderDocument[])[lin, wang, zhao])
            await tea.PayAsync(order);
        await WrongAmountAsync(lin);
        narrator.Check(
            $"stock is deducted and everybody has paid: the group is {"FULFILLED"}",
            await tea.SeesAsync("voucher.issued", 3) && (await tea.GroupAsync()).State == GroupPhase.Fulfilled
        );
        await UseVouchersAsync(lin, wang);
        await tea.ReadHistoryAsync();
    }

    // The same idempotency key twice, as by a caller whose first answer was lost.
    private async Task<OrderDocument> JoinTwiceAsync(string user)
    {
        var order = await client.JoinAsync(tea.Id, user, idempotencyKey: $"{tea.Id}-{user}");
        var again = await client.JoinAsync(tea.Id, user, idempotencyKey: $"{tea.Id}-{user}");
        var state = Campaign.JsonName(order.Group!.State);
        narrator.Check(
            $"{user} joins, loses the answer, sends the call again: still one order, the group is {state}",
            order == again && order.Group!.State == GroupPhase.Success
        );
        return order;
    }

    private async Task WrongAmountAsync(OrderDocument order)
    {
        var code = await Campaign.RefusalAsync(() =>
            client.PayAsync(order.OrderId, $"pay-{order.OrderId.Number}", order.Total with { Amount = 1 })
        );
        narrator.Check(
            $"the same payment with a different amount is refused: {"payment.conflict"}",
            code == "payment.conflict"
        );
    }

    private async Task UseVouchersAsync(OrderDocument lin, OrderDocument wang)
    {
        var voucher = (await tea.OrderAsync(lin)).VoucherCode!.Value;
        var redeemed = await client.RedeemAsync(voucher);
        narrator.Check(
            $"{"lin"} redeems the voucher: {Campaign.JsonName(redeemed.Status)}",
            redeemed.Status == OrderStatus.Redeemed
        );
        narrator.Check(
            $"it cannot be redeemed again: {"voucher.redeemed"}",
            await Campaign.RefusalAsync(() => client.RedeemAsync(voucher)) == "voucher.redeemed"
        );
        await client.RefundAsync(wang.OrderId, "bought too much tea");
        var seen = await tea.SeesAsync("order.refunded");
        narrator.Check(
            $"{"wang"} asks for a refund of the voucher: {Campaign.JsonName(OrderStatus.Refunded)}",
            seen && (await tea.OrderAsync(wang)).Status == OrderStatus.Refunded
        );
    }
}
