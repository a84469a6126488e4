using GroupBuyActors.Client;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Silo.Demo;

/// <summary>
/// Out of stock: the group succeeds, the inventory permanently refuses to deduct, and everything is compensated.
/// </summary>
internal sealed class ConcertScene(Campaign concert, GroupBuyClient client, Narrator narrator)
{
    public async Task PlayAsync()
    {
        await concert.PublishAsync();
        await client.Sandbox.SetFaultsAsync(
            "inventory",
            new FaultsDocument(FailRate: 1, Permanent: true, Sku: concert.Terms.Sku)
        );
        narrator.Write($"The inventory service is made to refuse every call for {concert.Terms.Sku} permanently.");
        try
        {
            await SellAsync();
        }
        finally
        {
            await client.Sandbox.SetFaultsAsync("inventory", new FaultsDocument());
        }

        narrator.Write($"The inventory service works again; the reserved stock is released.");
        narrator.Check($"both seats are released", await concert.SeesAsync("stock.released"));
        await concert.ReadHistoryAsync();
        narrator.Check(
            $"no buyer was notified of a success that was undone",
            concert.History.All(item => item.Type != "buyers.notified")
        );
    }

    private async Task SellAsync()
    {
        var first = await concert.JoinAsync("mei");
        await concert.PayAsync(first);
        var second = await concert.JoinAsync("tao");
        var expired = await concert.SeesAsync("group.expired");
        narrator.Check(
            $"the threshold was reached, then the success was undone: {"EXPIRED"}, reason {"stock_unavailable"}",
            expired
                && await concert.GroupAsync() is { State: GroupPhase.Expired, Reason: ExpiryReason.StockUnavailable }
        );
        // Tao pays after the end of the group: the payment is accepted and refunded.
        await concert.PayAsync(second);
        var back = await concert.SeesAsync("order.refunded", 2);
        narrator.Check(
            $"{"mei"} paid in time and {"tao"} too late: both are refunded",
            back
                && (await concert.OrderAsync(first)).Status == OrderStatus.Refunded
                && (await concert.OrderAsync(second)).Status == OrderStatus.Refunded
        );
    }
}
