namespace GroupBuyActors.Store.Projections;

/// <summary>
/// Adds what is final in merchants' books to their totals, so that the books need not be summed over a merchant's whole
/// past. What is counted and its total become durable together; a row that changes after all is live again and counted
/// anew.
/// </summary>
internal interface IBookTotals
{
    /// <summary>
    /// Counts payments that are final by an instant, of the next merchant above an id that has any, at most so many;
    /// gives how many, and the id to go on above, null at the end.
    /// </summary>
    Task<(int Counted, long? Next)> CountPaymentsAsync(
        long above,
        DateTimeOffset now,
        int limit,
        CancellationToken cancellation
    );

    /// <summary>The same for the stock of groups that ended before an instant and hold none any more.</summary>
    Task<(int Counted, long? Next)> CountStockAsync(
        long above,
        DateTimeOffset before,
        int limit,
        CancellationToken cancellation
    );
}
