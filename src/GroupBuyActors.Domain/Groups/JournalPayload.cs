using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using GroupBuyActors.Events;

namespace GroupBuyActors.Groups;

/// <summary>
/// What a journal row holds besides its columns: UTF-8 JSON <c>{"d": data, "r": request mark}</c>, the mark only where
/// the event carries one. The data comes first, so that reading a history cuts it out without parsing the rest. What
/// leaves the journal is <see cref="Data"/>, without the secrets that the group itself needs.
/// </summary>
internal static class JournalPayload
{
    // One a thread: a payload is written for every event, and most are shorter than the buffer that the last one left.
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? t_writer;

    /// <summary>Writes an event's payload.</summary>
    public static byte[] Write(RecordedEvent recorded)
    {
        var buffer = t_buffer ??= new ArrayBufferWriter<byte>(1024);
        var writer = t_writer ??= new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
        buffer.ResetWrittenCount();
        writer.Reset();
        writer.WriteStartObject();
        writer.WritePropertyName("d"u8);
        GroupEvents.Serialize(recorded.Event, writer);
        if (recorded.Request is { } remembered)
        {
            writer.WritePropertyName("r"u8);
            JsonSerializer.Serialize(writer, remembered, JournalJson.Default.RequestRecord);
        }

        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>
    /// Reads an event back; throws <see cref="UnknownEventException"/> on a type or version of a newer release.
    /// </summary>
    public static RecordedEvent Read(
        GroupId group,
        long sequence,
        DateTimeOffset time,
        string typeName,
        int version,
        ReadOnlyMemory<byte> payload
    )
    {
        try
        {
            var data = SplitData(payload.Span, out var rest);
            var happened = GroupEvents.Deserialize(typeName, version, payload.Span[data]);
            var remembered = rest is { } request
                ? JsonSerializer.Deserialize(payload.Span[request], JournalJson.Default.RequestRecord)
                : null;
            return new RecordedEvent(sequence, Instants.TruncateToMilliseconds(time), happened, remembered);
        }
        catch (JsonException broken)
        {
            throw new JsonException(
                $"Event {sequence} of group {group} ({typeName} version {version}) cannot be read: {broken.Message}",
                broken
            );
        }
    }

    /// <summary>The data part alone, without secrets: the event as clients see it.</summary>
    public static ReadOnlyMemory<byte> Data(string typeName, int version, ReadOnlyMemory<byte> payload) =>
        GroupEvents.Publish(typeName, version, payload[SplitData(payload.Span, out _)]);

    /// <summary>The same as an element of its own.</summary>
    public static JsonElement DataElement(string typeName, int version, ReadOnlyMemory<byte> payload)
    {
        var reader = new Utf8JsonReader(Data(typeName, version, payload).Span);
        return JsonElement.ParseValue(ref reader);
    }

    private static Range SplitData(ReadOnlySpan<byte> payload, out Range? request)
    {
        var reader = new Utf8JsonReader(payload);
        reader.Read();
        if (!reader.Read() || !reader.ValueTextEquals("d"u8))
            throw new JsonException("A journal payload must begin with its data.");
        var data = RangeOfValue(ref reader);
        request =
            reader.Read() && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("r"u8)
                ? RangeOfValue(ref reader)
                : null;
        return data;
    }

    private static Range RangeOfValue(ref Utf8JsonReader reader)
    {
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return start..(int)reader.BytesConsumed;
    }
}

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true
)]
[JsonSerializable(typeof(RequestRecord))]
internal sealed partial class JournalJson : JsonSerializerContext;
