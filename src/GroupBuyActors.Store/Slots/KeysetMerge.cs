using GroupBuyActors.Reading;

namespace GroupBuyActors.Store.Slots;

/// <summary>
/// Merges pages of one sorted list whose rows are in several databases. Every page begins after the same position, and
/// the next one begins after the position that this returns, whichever database the last row came from.
/// </summary>
/// <param name="positionOf">An item's position in the list.</param>
/// <param name="read">The position that a page token says.</param>
/// <param name="write">A position as a page token.</param>
/// <param name="order">The order of the list.</param>
internal sealed class KeysetMerge<T, TPosition>(
    Func<T, TPosition> positionOf,
    Func<string, TPosition> read,
    Func<TPosition, string> write,
    IComparer<TPosition> order
)
{
    /// <summary>The first <paramref name="limit"/> items, as far as every database has shown what it has.</summary>
    public Page<T> Page(IReadOnlyCollection<Page<T>> pages, int limit)
    {
        // Behind the end of a page with a successor its database may have rows that precede those of the others.
        var ends = pages.Where(page => page.Next is not null).Select(page => read(page.Next!)).ToList();
        ends.Sort(order);
        var known = pages
            .SelectMany(page => page.Items)
            .Select(item => (Item: item, Position: positionOf(item)))
            .Where(row => ends.Count == 0 || order.Compare(row.Position, ends[0]) <= 0)
            .OrderBy(row => row.Position, order)
            .ToList();
        if (known.Count > limit)
            return new Page<T>([.. known.Take(limit).Select(row => row.Item)], write(known[limit - 1].Position));
        return new Page<T>([.. known.Select(row => row.Item)], ends.Count == 0 ? null : write(ends[0]));
    }
}

/// <summary>The orders of our lists.</summary>
internal static class KeysetOrder
{
    /// <summary>
    /// The latest first; of the same time the highest id, compared as the databases do, byte by byte.
    /// </summary>
    public static IComparer<(long Instant, string Id)> Latest { get; } =
        Comparer<(long Instant, string Id)>.Create(
            (a, b) =>
                b.Instant.CompareTo(a.Instant) is var instants and not 0 ? instants : string.CompareOrdinal(b.Id, a.Id)
        );
}
