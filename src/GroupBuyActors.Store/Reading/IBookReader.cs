using GroupBuyActors.Groups;
using GroupBuyActors.Reconciliation;

namespace GroupBuyActors.Store.Reading;

/// <summary>
/// Our books line by line, in the order of <see cref="BookKey"/>; from the projections, which lag at most 1 s.
/// </summary>
internal interface IBookReader
{
    /// <summary>A merchant's payments after a key.</summary>
    Task<IReadOnlyList<PaymentEntry>> PaymentsAsync(
        long merchantId,
        BookKey? after,
        int limit,
        CancellationToken cancellation
    );

    /// <summary>The stock of a merchant's groups after a key.</summary>
    Task<IReadOnlyList<StockLine>> StockAsync(
        long merchantId,
        BookKey? after,
        int limit,
        CancellationToken cancellation
    );

    /// <summary>Merchants of a slot (0 to 127) with any group, in ascending order, above an id.</summary>
    Task<IReadOnlyList<long>> MerchantsAsync(int slot, long above, int limit, CancellationToken cancellation);
}
