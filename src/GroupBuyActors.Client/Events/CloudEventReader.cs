using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Confluent.Kafka;

namespace GroupBuyActors.Client;

/// <summary>
/// Reads a Kafka message as a CloudEvent 1.0 in binary mode of this service: key, id, source and sequence must agree on
/// the group and the number. Strict, because a foreign message that is accepted by mistake advances the group's
/// sequence and hides the real event.
/// </summary>
internal static partial class CloudEventReader
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads the event, or returns the fault of the message.</summary>
    public static bool TryRead(
        Message<byte[]?, byte[]?> message,
        [NotNullWhen(true)] out GroupEventEnvelope? read,
        [NotNullWhen(false)] out string? fault
    )
    {
        read = null;
        try
        {
            read = Read(message);
            fault = null;
            return true;
        }
        catch (FormatException malformed)
        {
            fault = malformed.Message;
            return false;
        }
    }

    private static GroupEventEnvelope Read(Message<byte[]?, byte[]?> message)
    {
        var headers = Texts(message.Headers);
        Require(Required(headers, "ce_specversion") == "1.0", "ce_specversion must be 1.0.");
        Require(
            GroupId.TryParse(Text(message.Key ?? [], "The key"), out var group),
            "The message key must be a group id."
        );
        Require(
            Required(headers, "ce_source") == $"/groups/{group}",
            "ce_source must name the group in the message key."
        );
        Require(
            long.TryParse(
                Required(headers, "ce_sequence"),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var sequence
            )
                && sequence >= 1,
            "ce_sequence must be a whole number, 1 or more."
        );
        Require(
            Required(headers, "ce_id") == string.Create(CultureInfo.InvariantCulture, $"{group}:{sequence}"),
            "ce_id must be the group in the message key with ce_sequence."
        );
        var type = TypeShape().Match(Required(headers, "ce_type"));
        Require(type.Success, "ce_type must be groupbuy.{name}.v{version}.");
        Require(
            int.TryParse(
                type.Groups["version"].ValueSpan,
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var version
            ),
            "The version in ce_type is too large."
        );
        var timeText = Required(headers, "ce_time");
        Require(
            InstantShape().IsMatch(timeText)
                & DateTimeOffset.TryParse(
                    timeText,
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out var time
                ),
            "ce_time must be an RFC 3339 time."
        );
        Require(IsJson(Required(headers, "content-type")), "content-type must be application/json.");
        headers.TryGetValue("ce_traceparent", out var traceParent);
        var value = message.Value ?? [];
        return new GroupEventEnvelope(
            group,
            sequence,
            type.Groups["name"].Value,
            version,
            time,
            value,
            Data(value),
            traceParent
        );
    }

    private static Dictionary<string, string> Texts(Headers? headers)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var header in headers ?? [])
        {
            if (header.Key != "content-type" && !header.Key.StartsWith("ce_", StringComparison.Ordinal))
                continue;
            Require(
                texts.TryAdd(header.Key, Text(header.GetValueBytes() ?? [], header.Key)),
                $"The header {header.Key} occurs twice."
            );
        }

        return texts;
    }

    private static string Required(Dictionary<string, string> headers, string name) =>
        headers.TryGetValue(name, out var text) ? text : throw new FormatException($"{name} is missing.");

    private static string Text(byte[] bytes, string what)
    {
        try
        {
            return Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new FormatException($"{what} is not UTF-8.");
        }
    }

    private static bool IsJson(string contentType)
    {
        var end = contentType.IndexOf(';', StringComparison.Ordinal);
        return (end < 0 ? contentType : contentType[..end])
            .Trim()
            .Equals("application/json", StringComparison.OrdinalIgnoreCase);
    }

    private static JsonElement Data(byte[] value)
    {
        try
        {
            using var document = JsonDocument.Parse(value);
            Require(document.RootElement.ValueKind == JsonValueKind.Object, "The data must be a JSON object.");
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw new FormatException("The data is not valid JSON.");
        }
    }

    private static void Require([DoesNotReturnIf(false)] bool holds, string fault)
    {
        if (!holds)
            throw new FormatException(fault);
    }

    [GeneratedRegex(
        @"\Agroupbuy\.(?<name>[a-z]+(?:[.-][a-z]+)+)\.v(?<version>[1-9][0-9]*)\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex TypeShape();

    [GeneratedRegex(
        @"\A\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex InstantShape();
}
