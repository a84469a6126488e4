using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace GroupBuyActors.Silo.Http;

/// <summary>
/// Writes JSON so that equal values have equal bytes: members sorted, no white space, numbers normalised, texts escaped
/// in one way. Used to compare bodies, not to exchange them.
/// </summary>
internal static class CanonicalJson
{
    public static ReadOnlyMemory<byte> Write(JsonElement element)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        Write(writer, element);
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter writer, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in element.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                    Write(writer, item);
                writer.WriteEndArray();
                break;
            case JsonValueKind.Number:
                writer.WriteRawValue(Number(element.GetRawText()), skipInputValidation: true);
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }

    /// <summary>
    /// A number as <c>{sign}{digits}e{exponent}</c> with neither leading nor trailing zeros: exact for every length.
    /// </summary>
    internal static string Number(string text)
    {
        var e = text.AsSpan().IndexOfAny('e', 'E');
        var mantissa = e < 0 ? text : text[..e];
        if (
            !long.TryParse(
                e < 0 ? "0" : text.AsSpan(e + 1),
                NumberStyles.AllowLeadingSign,
                CultureInfo.InvariantCulture,
                out var exponent
            )
        )
            return text;
        var negative = mantissa.StartsWith('-');
        var point = mantissa.IndexOf('.');
        if (point >= 0)
            exponent -= mantissa.Length - point - 1;
        var digits = mantissa.Replace(".", "").TrimStart('-').TrimStart('0');
        var trimmed = digits.TrimEnd('0');
        if (trimmed.Length == 0)
            return "0";
        exponent += digits.Length - trimmed.Length;
        var result = new StringBuilder(trimmed.Length + 8);
        if (negative)
            result.Append('-');
        return result.Append(trimmed).Append('e').Append(exponent.ToString(CultureInfo.InvariantCulture)).ToString();
    }
}
