namespace GroupBuyActors.Cluster.Crashing;

/// <summary>
/// The campaigns whose steps are crashed at. None leaves it to chance which of two things is first: what ends a group
/// is said once the test has seen what comes before it.
/// </summary>
internal static class Scripts
{
    /// <summary>Two join, stock is deducted, both are told, both pay, both have vouchers.</summary>
    public static async Task Fulfilled(Play play)
    {
        await play.PublishAsync(size: 2);
        await play.JoinAsync(1);
        await play.JoinAsync(2);
        await play.HappenedAsync("stock.deducted", "buyers.notified");
        await play.PayAsync(1);
        await play.PayAsync(2);
        await play.HappenedAsync("group.fulfilled");
        await play.NoticesAsync(2);
    }

    /// <summary>Inventory refuses to deduct: the saga compensates, who paid has the money back.</summary>
    public static async Task Unstocked(Play play)
    {
        await play.PublishAsync(size: 2);
        await play.JoinAsync(1);
        await play.PayAsync(1);
        await play.WithoutStockAsync(async () =>
        {
            await play.JoinAsync(2);
            await play.HappenedAsync("group.expired");
        });
        await play.HappenedAsync("order.refunded", "stock.released");
    }

    /// <summary>The merchant withdraws it: money and stock go back.</summary>
    public static async Task Withdrawn(Play play)
    {
        await play.PublishAsync(size: 3);
        await play.JoinAsync(1);
        await play.PayAsync(1);
        await play.WithdrawAsync();
        await play.HappenedAsync("order.refunded", "stock.released");
    }

    /// <summary>Nobody pays within the window.</summary>
    public static async Task Unpaid(Play play)
    {
        await play.PublishAsync(size: 3, paymentWindow: "PT1S");
        await play.JoinAsync(1);
        await play.HappenedAsync("order.closed");
        await play.WithdrawAsync();
        await play.HappenedAsync("stock.released");
    }

    /// <summary>The buyer pays at the provider and nobody is told: asking before the close finds it.</summary>
    public static async Task Found(Play play)
    {
        await play.PublishAsync(size: 3, paymentWindow: "PT1S");
        await play.JoinAsync(1);
        await play.PayAtProviderAsync(1);
        await play.HappenedAsync("order.paid");
        await play.WithdrawAsync();
        await play.HappenedAsync("order.refunded", "stock.released");
    }
}
