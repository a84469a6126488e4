using GroupBuyActors.Groups;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Reconciliation;

/// <summary>
/// The key of a line of a book, which defines the order of books: the id (an order's, a group's), then the part (a
/// payment's id, or nothing), both by their bytes as UTF-8. Databases with binary collations sort in the same way.
/// </summary>
internal readonly record struct BookKey(string Id, string Part = "") : IComparable<BookKey>
{
    /// <summary>The key of a payment in our books.</summary>
    public static BookKey Of(PaymentEntry entry) => new(entry.Order.ToString(), entry.PaymentId);

    /// <summary>The key of a payment in the provider's books.</summary>
    public static BookKey Of(PaymentBookEntry entry) => new(entry.Order.ToString(), entry.PaymentId);

    /// <summary>The key of a group's stock in our books.</summary>
    public static BookKey Of(StockLine line) => new(line.Group.Value);

    /// <summary>The key of a group's stock in the inventory service's books, whatever the sku.</summary>
    public static BookKey Of(StockBookEntry entry) => new(entry.Group.Value);

    /// <inheritdoc/>
    public int CompareTo(BookKey other)
    {
        var byId = Compare(Id, other.Id);
        return byId != 0 ? byId : Compare(Part, other.Part);
    }

    /// <summary>Compares texts by their bytes as UTF-8, without encoding them.</summary>
    public static int Compare(string a, string b)
    {
        var common = a.AsSpan().CommonPrefixLength(b);
        if (common == a.Length || common == b.Length)
            return a.Length.CompareTo(b.Length);
        return Rank(a[common]).CompareTo(Rank(b[common]));
    }

    // Characters beyond U+FFFF are pairs of surrogates (D800 to DFFF). These units are smaller than E000 to FFFF, but
    // sort after them in UTF-8.
    private static int Rank(char unit) =>
        unit >= 0xE000 ? unit - 0x800
        : unit >= 0xD800 ? unit + 0x2000
        : unit;
}

/// <summary>
/// A group's stock in our books, with the same figures as in the inventory service's books: units reserved now, and
/// units sold.
/// </summary>
internal sealed record StockLine(GroupId Group, long Reserved, long Deducted)
{
    /// <summary>The line of a group's figures.</summary>
    public static StockLine Of(GroupId group, StockFigures figures) =>
        new(group, figures.Outstanding, figures.Deducted);
}
