using System.Text.Json;
using System.Text.Json.Serialization;

namespace GroupBuyActors;

/// <summary>Writes an id as text and reads it; an invalid text throws <see cref="JsonException"/>.</summary>
public class ParsableJsonConverter<T> : JsonConverter<T>
    where T : struct, ISpanParsable<T>
{
    /// <inheritdoc/>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && T.TryParse(reader.GetString(), null, out var value)
            ? value
            : throw new JsonException($"The text is not a valid {typeof(T).Name}.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(TextOf(value));

    /// <summary>The text of a value.</summary>
    protected virtual string TextOf(T value) => value.ToString() ?? "";
}
