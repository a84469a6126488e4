using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Xml;

namespace GroupBuyActors.Events;

/// <summary>
/// Durations in ISO 8601 format (<c>PT30M</c>, <c>P30D</c>, <c>P2W</c>); years and months are refused, because they
/// have no fixed length.
/// </summary>
public sealed class IsoDurationConverter : JsonConverter<TimeSpan>
{
    /// <inheritdoc/>
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && TryParse(reader.GetString(), out var value)
            ? value
            : throw new JsonException("A duration must be in ISO 8601 format, for example PT30M or P30D.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
        writer.WriteStringValue(XmlConvert.ToString(value));

    /// <summary>Reads a duration; false if the text is not one.</summary>
    public static bool TryParse(string? text, out TimeSpan value)
    {
        value = default;
        if (text is null || !text.StartsWith('P') || char.IsWhiteSpace(text[^1]))
            return false;
        if (text.EndsWith('W'))
            return TryParseWeeks(text.AsSpan(1, text.Length - 2), out value);
        var date = text.IndexOf('T') is var t and >= 0 ? text.AsSpan(0, t) : text;
        if (date.ContainsAny('Y', 'M'))
            return false;
        try
        {
            value = XmlConvert.ToTimeSpan(text);
            return true;
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            return false;
        }
    }

    private static bool TryParseWeeks(ReadOnlySpan<char> digits, out TimeSpan value)
    {
        value = default;
        if (
            !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var weeks)
            || weeks > TimeSpan.MaxValue.Days / 7
        )
            return false;
        value = TimeSpan.FromDays(7L * weeks);
        return true;
    }
}

/// <summary>
/// Instants in ISO 8601 format in UTC with milliseconds: <c>2026-11-23T14:00:00.000Z</c>. Read with any offset,
/// truncated to milliseconds.
/// </summary>
public sealed class IsoInstantConverter : JsonConverter<DateTimeOffset>
{
    /// <inheritdoc/>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && reader.TryGetDateTimeOffset(out var value)
            ? DateTimeOffset.FromUnixTimeMilliseconds(value.ToUnixTimeMilliseconds())
            : throw new JsonException(
                "A time must be in ISO 8601 format with an offset, for example 2026-11-23T14:00:00.000Z."
            );

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        Span<char> text = stackalloc char[24];
        value.UtcDateTime.TryFormat(text, out var length, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        writer.WriteStringValue(text[..length]);
    }
}
