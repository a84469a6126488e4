using GroupBuyActors.Hosting;
using GroupBuyActors.Store.Retention;
using GroupBuyActors.Store.Slots;

namespace GroupBuyActors.Retention;

/// <summary>
/// Moves final entries of merchants' books from the live rows to totals; a merchant's books are the sum of both. A pass
/// goes through the merchants that have live rows.
/// </summary>
internal sealed class CountedBooks(SlotStore store, ClusterClock clock) : IRetainedKind
{
    /// <summary>The stock of a group that has just ended is still being released.</summary>
    private static readonly TimeSpan CountDelay = TimeSpan.FromHours(1);

    private long _above;
    private bool _isStock;

    public string Kind => "live-books";

    public async Task<PurgeStep> StepAsync(int rowsMax, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var (counted, next) = _isStock
            ? await store.Totals.CountStockAsync(_above, now - CountDelay, rowsMax, cancellation)
            : await store.Totals.CountPaymentsAsync(_above, now, rowsMax, cancellation);
        _above = next ?? 0;
        if (next is null)
            _isStock = !_isStock;
        return new PurgeStep(counted, IsDone: next is null && !_isStock);
    }
}
