using System.Globalization;
using System.Text;
using GroupBuyActors.Reading;

namespace GroupBuyActors.Store.Reading;

/// <summary>The end of a page as an opaque text: base64url of the list's name and the last row's sort key.</summary>
internal static class PageToken
{
    private const char Separator = '\n';
    private static readonly long InstantMin = DateTimeOffset.MinValue.ToUnixTimeMilliseconds(),
        InstantMax = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    public static string Write(string list, long instant, string id) =>
        Convert
            .ToBase64String(
                Encoding.UTF8.GetBytes(
                    string.Create(CultureInfo.InvariantCulture, $"{list}{Separator}{instant}{Separator}{id}")
                )
            )
            .TrimEnd('=')
            .Replace('+', '-')
            .Replace('/', '_');

    /// <summary>
    /// Reads a page token of this list; null is the start. Throws <see cref="FormatException"/> if it is invalid.
    /// Clients can invent tokens, so the number must be an instant in milliseconds, and the id must be ASCII as the ids
    /// of rows are, unless it is compared as bytes (<paramref name="isFreeText"/>).
    /// </summary>
    public static (long Instant, string Id)? Read(string list, string? pageToken, bool isFreeText = false) =>
        Read([list], pageToken, isFreeText) is var (_, instant, id) ? (instant, id) : null;

    /// <summary>Reads a token of one of several lists, and returns which list it belongs to.</summary>
    public static (string List, long Instant, string Id)? Read(
        ReadOnlySpan<string> lists,
        string? pageToken,
        bool isFreeText = false
    )
    {
        if (pageToken is null)
            return null;
        var parts = Decode(pageToken).Split(Separator);
        return
            parts.Length == 3
            && lists.Contains(parts[0])
            && long.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var instant)
            && instant >= InstantMin
            && instant <= InstantMax
            && (isFreeText || Ascii.IsValid(parts[2]))
            ? (parts[0], instant, parts[2])
            : throw Faulty();
    }

    /// <summary>The list that a page token belongs to; null for none, and for a text that is no page token.</summary>
    public static string? NameOf(string? pageToken)
    {
        try
        {
            return pageToken is null ? null : Decode(pageToken).Split(Separator)[0];
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>Makes a page of rows that were read with one row more than <paramref name="limit"/>.</summary>
    public static Page<T> Page<T>(List<T> rows, int limit, Func<T, string> pageToken)
    {
        if (rows.Count <= limit)
            return new Page<T>(rows, null);
        rows.RemoveRange(limit, rows.Count - limit);
        return new Page<T>(rows, pageToken(rows[^1]));
    }

    private static string Decode(string pageToken)
    {
        try
        {
            var padded = pageToken.Replace('-', '+').Replace('_', '/');
            return Encoding.UTF8.GetString(Convert.FromBase64String(padded.PadRight((padded.Length + 3) / 4 * 4, '=')));
        }
        catch (FormatException)
        {
            throw Faulty();
        }
    }

    private static FormatException Faulty() => new("The page token is not valid for this list.");
}
