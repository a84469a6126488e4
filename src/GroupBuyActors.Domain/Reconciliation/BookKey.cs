using GroupBuyActors.Groups;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Reconciliation;

/// <summary>
/// Names a line of a book and gives books their order: the id (an order's, a group's), then the part (a payment's id,
/// or nothing), both by their bytes as UTF-8. Databases with binary collations sort so, too.
/// </summary>
internal readonly record struct BookKey(string Id, string Part = "") : IComparable<BookKey>
{
    /// <summary>Of a payment in our books.</summary>
    public static BookKey Of(PaymentEntry entry) => new(entry.Order.ToString(), entry.PaymentId);

    /// <summary>Of a payment in the provider's books.</summary>
    public static BookKey Of(PaymentBookEntry entry) => new(entry.Order.ToString(), entry.PaymentId);

    /// <summary>Of a group's stock in our books.</summary>
    public static BookKey Of(StockLine line) => new(line.Group.Value);

    /// <summary>Of a group's stock in the inventory's books, whatever the sku.</summary>
    public static BookKey Of(StockBookEntry entry) => new(entry.Group.Value);

    /// <inheritdoc/>
    public int CompareTo(BookKey other)
    {
        var byId = Compare(Id, other.Id);
        return byId != 0 ? byId : Compare(Part, other.Part);
    }

    /// <summary>The order of texts by their bytes as UTF-8, without making those bytes.</summary>
    public static int Compare(string a, string b)
    {
        var common = a.AsSpan().CommonPrefixLength(b);
        if (common == a.Length || common == b.Length)
            return a.Length.CompareTo(b.Length);
        return Rank(a[common]).CompareTo(Rank(b[common]));
    }

    // Characters beyond the first 65,536 are pairs of units that are smaller than the last units of those, and come
    // after them.
    private static int Rank(char unit) =>
        unit >= 0xE000 ? unit - 0x800
        : unit >= 0xD800 ? unit + 0x2000
        : unit;
}

/// <summary>
/// A group's stock as our books have it, in the words of the inventory's: units reserved now, and units sold.
/// </summary>
internal sealed record StockLine(GroupId Group, long Reserved, long Deducted)
{
    /// <summary>Of a group's figures.</summary>
    public static StockLine Of(GroupId group, StockFigures figures) =>
        new(group, figures.Outstanding, figures.Deducted);
}
