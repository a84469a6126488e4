using GroupBuyActors.Admin;

namespace GroupBuyActors.Client;

/// <summary>A merchant's books.</summary>
/// <param name="Currencies">One line a currency.</param>
/// <param name="Stock">Units over all its groups.</param>
/// <param name="Balanced">True where every line adds up; holds at any instant.</param>
public sealed record BooksDocument(IReadOnlyList<CurrencyDocument> Currencies, StockBooksDocument Stock, bool Balanced)
{
    /// <summary>The same lines in the books of the ports; null where they were not asked.</summary>
    public PortBooksDocument? Ports { get; init; }
}

/// <summary>Units: reserved = outstanding + deducted + released.</summary>
/// <param name="Reserved">Ever reserved.</param>
/// <param name="Outstanding">Still reserved.</param>
/// <param name="Deducted">Sold.</param>
/// <param name="Released">Released.</param>
public sealed record StockBooksDocument(long Reserved, long Outstanding, long Deducted, long Released);

/// <summary>How the books compare with the ports' own.</summary>
/// <param name="Payments">With the payment provider's.</param>
/// <param name="Inventory">With the inventory service's.</param>
/// <param name="ComparedAt">When the comparison began.</param>
/// <param name="Truncated">True where more lines differ than are listed, or not all could be compared.</param>
public sealed record PortBooksDocument(
    PortComparisonDocument<PaymentDifferenceDocument> Payments,
    PortComparisonDocument<StockDifferenceDocument> Inventory,
    DateTimeOffset ComparedAt,
    bool Truncated
);

/// <summary>How the books compare with one port's.</summary>
/// <param name="Answered">False where the port did not answer, or its books cannot be used: then what is told is not
/// all.</param>
/// <param name="Reason">Why it did not answer, or why not all could be compared; or null.</param>
/// <param name="Count">How many lines differ.</param>
/// <param name="Kinds">The same by kind: <c>missing-at-port, missing-here, amount-differs, state-differs</c>.</param>
/// <param name="Underway">Lines that differ for now because something of them is not finished; they are not
/// counted.</param>
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
/// <param name="PaymentId">The provider's id.</param>
/// <param name="Kind">How.</param>
/// <param name="Ours">Here; null for nothing.</param>
/// <param name="Theirs">At the provider; null for nothing.</param>
public sealed record PaymentDifferenceDocument(
    OrderId OrderId,
    string PaymentId,
    string Kind,
    PaymentLineDocument? Ours,
    PaymentLineDocument? Theirs
);

/// <summary>A payment in a book.</summary>
/// <param name="Amount">What was paid.</param>
/// <param name="State"><c>held, refunded</c>; here also <c>redeemed, forfeited, refunding</c>.</param>
public sealed record PaymentLineDocument(Money Amount, string State);

/// <summary>A group's stock that differs.</summary>
/// <param name="GroupId">The group.</param>
/// <param name="Kind">How.</param>
/// <param name="Ours">Here; null for nothing.</param>
/// <param name="Theirs">At the inventory service; null for nothing.</param>
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
