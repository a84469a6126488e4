namespace GroupBuyActors.Ports;

/// <summary>A payment in the provider's own books.</summary>
/// <param name="Order">The order it was made for.</param>
/// <param name="PaymentId">The provider's id, unique per order.</param>
/// <param name="Amount">What was paid, in minor units.</param>
/// <param name="IsRefunded">True once it was refunded in full.</param>
public sealed record PaymentBookEntry(OrderId Order, string PaymentId, Money Amount, bool IsRefunded);

/// <summary>A group's stock in the inventory service's own books, in units.</summary>
/// <param name="Group">The group that the stock is reserved for.</param>
/// <param name="Sku">The stock-keeping unit.</param>
/// <param name="Reserved">Units reserved now.</param>
/// <param name="Deducted">Units sold: deducted and not returned.</param>
public sealed record StockBookEntry(GroupId Group, string Sku, long Reserved, long Deducted);

/// <summary>
/// A page of a port's books, in the order that the port's contract defines; <see cref="Items"/> has no meaning unless
/// <see cref="Answer"/> is Done.
/// </summary>
/// <param name="Answer">Whether the port answered.</param>
/// <param name="Items">At most as many entries as were asked for.</param>
/// <param name="Next">The token of the next page; null after the last.</param>
/// <param name="Detail">The port's explanation if it did not answer.</param>
public sealed record BookPage<T>(PortAnswer Answer, IReadOnlyList<T> Items, string? Next, string? Detail = null);

/// <summary>
/// The payment provider's own books, read to compare them with ours. Reading changes nothing. Entries are sorted by the
/// order's id and then by the payment's, both by their bytes as UTF-8, so that books of any length are compared in one
/// pass. Entries that were written before the reading began are included.
/// </summary>
public interface IPaymentBooks
{
    /// <summary>
    /// Reads a merchant's payments, refunded ones included; <paramref name="after"/> is the token from the previous
    /// page.
    /// </summary>
    Task<BookPage<PaymentBookEntry>> ReadAsync(
        long merchantId,
        string? after,
        int limit,
        CancellationToken cancellation
    );
}

/// <summary>
/// The inventory service's own books, read to compare them with ours. Reading changes nothing. Entries are sorted by
/// the group's id and then by the sku, both by their bytes as UTF-8; a group without units may be left out.
/// </summary>
public interface IStockBooks
{
    /// <summary>
    /// Reads the stock of a merchant's groups; <paramref name="after"/> is the token from the previous page.
    /// </summary>
    Task<BookPage<StockBookEntry>> ReadAsync(long merchantId, string? after, int limit, CancellationToken cancellation);
}
