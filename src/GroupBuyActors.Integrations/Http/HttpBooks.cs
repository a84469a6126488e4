using System.Text.Json.Serialization.Metadata;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Integrations.Http;

/// <summary>Reads pages of a service's books.</summary>
internal static class HttpBooks
{
    private const int TokenLengthMax = 1_024;

    /// <summary>
    /// Reads a page. A page with an invalid entry, with too many entries, or with itself as the next page is not a
    /// usable answer.
    /// </summary>
    public static async Task<BookPage<TEntry>> ReadAsync<TDocument, TItem, TEntry>(
        HttpPort port,
        HttpPortCall call,
        JsonTypeInfo<TDocument> type,
        long merchantId,
        string? after,
        int limit,
        Func<TDocument, (IReadOnlyList<TItem?> Items, string? Next)> open,
        Func<TItem, TEntry?> entryOf,
        CancellationToken cancellation
    )
        where TItem : class
        where TEntry : class
    {
        var query =
            $"merchantId={merchantId}&limit={limit}{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}";
        var (reply, page) = await port.QueryAsync(
                call,
                query,
                type,
                document => Page(open(document), after, limit, entryOf),
                unknown: null,
                cancellation
            )
            .ConfigureAwait(false);
        return page ?? new BookPage<TEntry>(reply.Answer, [], null, reply.Detail);
    }

    private static BookPage<TEntry>? Page<TItem, TEntry>(
        (IReadOnlyList<TItem?> Items, string? Next) page,
        string? after,
        int limit,
        Func<TItem, TEntry?> entryOf
    )
        where TItem : class
        where TEntry : class
    {
        if (
            page.Items.Count > limit
            || page.Next is { Length: 0 or > TokenLengthMax }
            || (page.Next is not null && page.Next == after)
        )
            return null;
        var entries = new List<TEntry>(page.Items.Count);
        foreach (var item in page.Items)
        {
            if (item is null || entryOf(item) is not { } entry)
                return null;
            entries.Add(entry);
        }

        return new BookPage<TEntry>(PortAnswer.Done, entries, page.Next);
    }
}
