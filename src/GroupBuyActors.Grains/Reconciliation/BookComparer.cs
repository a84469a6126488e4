using GroupBuyActors.Hosting;
using GroupBuyActors.Ports;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Reconciliation;

/// <inheritdoc/>
internal sealed class BookComparer(
    IBookReader ours,
    QueriedGroups groups,
    ClusterClock clock,
    TimeProvider time,
    IPaymentBooks? payments = null,
    IStockBooks? stock = null
) : IBookComparer
{
    public async Task<MerchantComparison> CompareAsync(long merchantId, TimeSpan bound, CancellationToken cancellation)
    {
        var comparedAt = clock.GetUtcNow();
        var money = new PaymentPass(merchantId, ours, payments, groups, time).RunAsync(bound, cancellation);
        var units = new StockPass(merchantId, ours, stock, groups, time).RunAsync(bound, cancellation);
        await Task.WhenAll(money, units);
        return new MerchantComparison(await money, await units, comparedAt);
    }
}
