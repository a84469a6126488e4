using System.Buffers;
using System.Text.Json;

namespace GroupBuyActors.Silo.Http;

/// <summary>Reads a body as one JSON value: bounded, without duplicates, comments, trailing commas or anything after it.</summary>
internal static class RequestBody
{
    /// <summary>1 MB: what a body may have at most.</summary>
    public const int BytesMax = 1024 * 1024;

    /// <summary>
    /// What the server reads before it cuts the connection: well above <see cref="BytesMax"/>, so that a caller who sends somewhat too
    /// much hears why instead of finding the connection reset.
    /// </summary>
    public const int BytesReadMax = 16 * BytesMax;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    /// <summary>The body; null where it is empty. A problem where it is too large, or none of JSON.</summary>
    public static async ValueTask<(JsonElement? Body, Problem? Problem)> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength is 0) return (null, null);
        var bytes = await ReadBytesAsync(context);
        if (bytes is null) return (null, Problems.TooLarge);
        if (bytes.AsSpan().Trim(" \t\r\n"u8).IsEmpty) return (null, null);
        try
        {
            return (JsonElement.Parse(bytes, Strict), null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            var errors = new FieldErrors();
            errors.Add(FieldErrors.Body, e is JsonException { LineNumber: { } line, BytePositionInLine: { } position }
                ? $"The body is no valid JSON: line {line + 1}, byte {position + 1}."
                : "The body is no valid JSON: a member occurs twice, or a text is no valid Unicode.");
            return (null, Problem.Invalid(errors));
        }
    }

    private static async ValueTask<byte[]?> ReadBytesAsync(HttpContext context)
    {
        if (context.Request.ContentLength > BytesMax) return null;
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            if (read.Buffer.Length > BytesMax)
            {
                reader.AdvanceTo(read.Buffer.End);
                return null;
            }

            if (read.IsCompleted)
            {
                var bytes = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return bytes;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
