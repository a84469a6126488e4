using System.Text.Json;
using System.Text.Json.Serialization;

namespace GroupBuyActors;

/// <summary>Writes an id as its text and reads it back; a text that is no such id is a JSON fault.</summary>
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

    /// <summary>The text that stands for a value.</summary>
    protected virtual string TextOf(T value) => value.ToString() ?? "";
}
