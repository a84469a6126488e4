using GroupBuyActors.Hosting;
using GroupBuyActors.Ports;
using GroupBuyActors.Store.Slots;

namespace GroupBuyActors.Reconciliation;

/// <summary>Compares our books with those of the ports.</summary>
internal sealed class BookComparer(
    SlotStores stores,
    QueriedGroups groups,
    ClusterClock clock,
    TimeProvider time,
    IPaymentBooks? payments = null,
    IStockBooks? stock = null
)
{
    /// <summary>
    /// Compares a merchant's books, for both ports in parallel, within a time limit; the result shows whether it is
    /// complete. A port that does not answer is a result, not an exception.
    /// </summary>
    public async Task<MerchantComparison> CompareAsync(long merchantId, TimeSpan bound, CancellationToken cancellation)
    {
        var comparedAt = clock.GetUtcNow();
        var ours = stores.OfMerchant(merchantId).Books;
        var money = new PaymentPass(merchantId, ours, payments, groups, time).RunAsync(bound, cancellation);
        var units = new StockPass(merchantId, ours, stock, groups, time).RunAsync(bound, cancellation);
        await Task.WhenAll(money, units);
        return new MerchantComparison(await money, await units, comparedAt);
    }
}
