using GroupBuyActors.Hosting;
using GroupBuyActors.Ports;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Reconciliation;

/// <summary>Compares our books with the ports' own.</summary>
internal sealed class BookComparer(
    BookReader ours,
    QueriedGroups groups,
    ClusterClock clock,
    TimeProvider time,
    IPaymentBooks? payments = null,
    IStockBooks? stock = null
)
{
    /// <summary>
    /// Compares a merchant's books, both ports at once, within a time; what could not be compared by then is left out,
    /// and said. Silence of a port is an answer and no exception.
    /// </summary>
    public async Task<MerchantComparison> CompareAsync(long merchantId, TimeSpan bound, CancellationToken cancellation)
    {
        var comparedAt = clock.GetUtcNow();
        var money = new PaymentPass(merchantId, ours, payments, groups, time).RunAsync(bound, cancellation);
        var units = new StockPass(merchantId, ours, stock, groups, time).RunAsync(bound, cancellation);
        await Task.WhenAll(money, units);
        return new MerchantComparison(await money, await units, comparedAt);
    }
}
