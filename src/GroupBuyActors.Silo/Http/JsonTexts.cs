using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace GroupBuyActors.Silo.Http;

/// <summary>
/// Finds texts of JSON that are not valid Unicode: an escaped half of a surrogate pair without the other half. The
/// parser accepts them, but reading such a text throws.
/// </summary>
internal static class JsonTexts
{
    /// <summary>True if every escape in valid JSON is a Unicode character.</summary>
    public static bool IsUnicode(ReadOnlySpan<byte> json)
    {
        while (json.IndexOf((byte)'\\') is var at and >= 0)
        {
            json = json[at..];
            if (json[1] != 'u' || !IsSurrogate(CodeUnit(json)))
            {
                json = json[2..];
                continue;
            }

            if (!char.IsHighSurrogate(CodeUnit(json)) || !StartsWithLowSurrogate(json[6..]))
                return false;
            json = json[12..];
        }

        return true;
    }

    /// <summary>The paths of members whose text is not valid Unicode; <c>$</c> for the root itself.</summary>
    public static IReadOnlyCollection<string> NotUnicode(JsonElement json)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        Search(json, "", found);
        return found;
    }

    private static void Search(JsonElement json, string path, SortedSet<string> found)
    {
        if (found.Count >= FieldErrors.FieldsMax)
            return;
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in json.EnumerateObject())
                {
                    if (IsUnicode(JsonMarshal.GetRawUtf8PropertyName(member)))
                        Search(member.Value, path.Length == 0 ? member.Name : $"{path}.{member.Name}", found);
                    else
                        found.Add(path.Length == 0 ? FieldErrors.Body : path);
                }

                break;
            case JsonValueKind.Array:
                // An array counts as one field; the faulty item is not reported.
                foreach (var item in json.EnumerateArray())
                    Search(item, path, found);
                break;
            case JsonValueKind.String when !IsUnicode(JsonMarshal.GetRawUtf8Value(json)):
                found.Add(path.Length == 0 ? FieldErrors.Body : path);
                break;
        }
    }

    private static bool StartsWithLowSurrogate(ReadOnlySpan<byte> json) =>
        json is [(byte)'\\', (byte)'u', _, _, _, _, ..] && char.IsLowSurrogate(CodeUnit(json));

    private static bool IsSurrogate(char unit) => char.IsSurrogate(unit);

    private static char CodeUnit(ReadOnlySpan<byte> escape) =>
        Utf8Parser.TryParse(escape.Slice(2, 4), out ushort unit, out _, 'x') ? (char)unit : default;
}
