using GroupBuyActors.Admin;

namespace GroupBuyActors.Client;

/// <summary>A merchant's books.</summary> <param name="Currencies">One line per currency.</param>
/// <param name="Stock">Units of all its groups.</param> <param name="Balanced">True if every line adds up, which is
/// expected at any time.</param>
public sealed record BooksDocument(IReadOnlyList<CurrencyDocument> Currencies, StockBooksDocument Stock, bool Balanced)
{
    /// <summary>The comparison with the books of the ports; null if it was not requested.</summary>
    public PortBooksDocument? Ports { get; init; }
}

/// <summary>Units: reserved = outstanding + deducted + released.</summary>
/// <param name="Reserved">Ever reserved.</param>
/// <param name="Outstanding">Still reserved.</param>
/// <param name="Deducted">Sold.</param>
/// <param name="Released">Released.</param>
public sealed record StockBooksDocument(long Reserved, long Outstanding, long Deducted, long Released);

/// <summary>The differences from the books of the ports.</summary>
/// <param name="Payments">With the payment provider's.</param>
/// <param name="Inventory">With the inventory service's.</param>
/// <param name="ComparedAt">When the comparison began.</param> <param name="Truncated">True if more lines differ than
/// are listed, or if not all could be compared.</param>
public sealed record PortBooksDocument(
    PortComparisonDocument<PaymentDifferenceDocument> Payments,
    PortComparisonDocument<StockDifferenceDocument> Inventory,
    DateTimeOffset ComparedAt,
    bool Truncated
);

/// <summary>The differences from the books of one port.</summary> <param name="Answered">False if the port did not
/// answer, or if its books cannot be used: then the comparison is incomplete.</param>
/// <param name="Reason">Why it did not answer, or why not all could be compared; or null.</param>
/// <param name="Count">The number of lines that differ.</param>
/// <param name="Kinds">The same by kind: <c>missing-at-port, missing-here, amount-differs, state-differs</c>.</param>
/// <param name="Underway">Lines that differ because an operation is not finished yet; they are not counted.</param>
/// <param name="Differing">The first lines that differ, at most 100.</param>
public sealed record PortComparisonDocument<T>(
    bool Answered,
    string? Reason,
    long Count,
    IReadOnlyDictionary<string, long> Kinds,
    long Underway,
    IReadOnlyList<T> Differing
);

/// <summary>A payment that differs.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="PaymentId">The provider's id.</param> <param name="Kind">The kind of difference.</param>
/// <param name="Ours">The line in this service; null if there is none.</param> <param name="Theirs">The line at the
/// provider; null if there is none.</param>
public sealed record PaymentDifferenceDocument(
    OrderId OrderId,
    string PaymentId,
    string Kind,
    PaymentLineDocument? Ours,
    PaymentLineDocument? Theirs
);

/// <summary>A payment in a book.</summary> <param name="Amount">The paid amount.</param>
/// <param name="State"><c>held, refunded</c>; here also <c>redeemed, forfeited, refunding</c>.</param>
public sealed record PaymentLineDocument(Money Amount, string State);

/// <summary>A group's stock that differs.</summary>
/// <param name="GroupId">The group.</param> <param name="Kind">The kind of difference.</param> <param name="Ours">The
/// line in this service; null if there is none.</param> <param name="Theirs">The line at the inventory service; null if
/// there is none.</param>
public sealed record StockDifferenceDocument(
    GroupId GroupId,
    string Kind,
    StockLineDocument? Ours,
    StockLineDocument? Theirs
);

/// <summary>A group's stock in a book.</summary>
/// <param name="Reserved">Units reserved now.</param>
/// <param name="Deducted">Units sold.</param>
public sealed record StockLineDocument(long Reserved, long Deducted);
