namespace GroupBuyActors.Ports;

/// <summary>A payment as the provider's own books have it.</summary>
/// <param name="Order">The order it was made for.</param>
/// <param name="PaymentId">The provider's id, unique per order.</param>
/// <param name="Amount">What was paid, in minor units.</param>
/// <param name="IsRefunded">True once it was refunded in full.</param>
public sealed record PaymentBookEntry(OrderId Order, string PaymentId, Money Amount, bool IsRefunded);

/// <summary>A group's stock as the inventory service's own books have it, in units.</summary>
/// <param name="Group">The group that the stock is reserved for.</param>
/// <param name="Sku">The stock-keeping unit.</param>
/// <param name="Reserved">Units reserved now.</param>
/// <param name="Deducted">Units sold: deducted and not returned.</param>
public sealed record StockBookEntry(GroupId Group, string Sku, long Reserved, long Deducted);

/// <summary>
/// A page of a port's books, in the order that its port promises; <see cref="Items"/> means nothing unless Done.
/// </summary>
/// <param name="Answer">Whether the port answered.</param>
/// <param name="Items">At most as many as were asked for.</param>
/// <param name="Next">What to ask with for the page after; null at the end.</param>
/// <param name="Detail">The port's words where it did not answer.</param>
public sealed record BookPage<T>(PortAnswer Answer, IReadOnlyList<T> Items, string? Next, string? Detail = null);

/// <summary>
/// The payment provider's own books, read to compare them with ours. Reading changes nothing. They come in the order of
/// the order's id and then of the payment's, both by their bytes as UTF-8, so that two books of any length are compared
/// in one pass; what was written before the reading began is in it.
/// </summary>
public interface IPaymentBooks
{
    /// <summary>
    /// A merchant's payments, refunded ones too; <paramref name="after"/> is the opaque end of the page before.
    /// </summary>
    Task<BookPage<PaymentBookEntry>> ReadAsync(
        long merchantId,
        string? after,
        int limit,
        CancellationToken cancellation
    );
}

/// <summary>
/// The inventory service's own books, read to compare them with ours. Reading changes nothing. They come in the order
/// of the group's id and then of the sku, both by their bytes as UTF-8; a group without units may be left out.
/// </summary>
public interface IStockBooks
{
    /// <summary>
    /// The stock of a merchant's groups; <paramref name="after"/> is the opaque end of the page before.
    /// </summary>
    Task<BookPage<StockBookEntry>> ReadAsync(long merchantId, string? after, int limit, CancellationToken cancellation);
}
