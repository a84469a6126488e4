using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace GroupBuyActors.Silo.Http;

/// <summary>
/// A body, read once as one JSON value: bounded, valid UTF-8, without duplicate members, comments, trailing commas or
/// anything after the value. Handlers' fields and the fingerprint by which repeats are compared come from the same
/// parse, so everything in a fingerprint is checked. A member whose text is not valid Unicode is a fault, even if no
/// handler reads it.
/// </summary>
internal sealed class RequestBody
{
    /// <summary>The largest body: 1 MB.</summary>
    public const int BytesMax = 1024 * 1024;

    /// <summary>
    /// The bytes after which the server closes the connection: well above <see cref="BytesMax"/>, so that a caller with
    /// a somewhat too large body gets an answer instead of a reset connection.
    /// </summary>
    public const int BytesReadMax = 16 * BytesMax;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };
    private static readonly RequestBody Empty = new(null, []);

    private readonly JsonElement? _json;
    private readonly IReadOnlyCollection<string> _unreadable;

    private RequestBody(JsonElement? json, IReadOnlyCollection<string> unreadable) =>
        (_json, _unreadable) = (json, unreadable);

    public bool IsObject => _json is { ValueKind: JsonValueKind.Object };

    /// <summary>
    /// The problem of texts in the body that are not valid Unicode, or null. For handlers that read no fields.
    /// </summary>
    public Problem? TextProblem
    {
        get
        {
            if (_unreadable.Count == 0)
                return null;
            var errors = new FieldErrors();
            NoteUnreadable(errors);
            return Problem.Invalid(errors);
        }
    }

    /// <summary>A hash that is equal for equal JSON values; only valid without a <see cref="TextProblem"/>.</summary>
    public string Fingerprint => RequestHash.Of(_json is { } json ? CanonicalJson.Write(json).Span : "none"u8);

    /// <summary>Reads the body. A problem if it is too large, has a content encoding, or is not JSON.</summary>
    public static async ValueTask<(RequestBody Body, Problem? Problem)> ReadAsync(HttpContext context)
    {
        if (IsEncoded(context.Request))
            return (Empty, Problems.UnsupportedEncoding);
        if (context.Request.ContentLength is 0)
            return (Empty, null);
        var bytes = await ReadBytesAsync(context);
        return bytes is null ? (Empty, Problems.TooLarge) : Parse(WithoutByteOrderMark(bytes));
    }

    /// <summary>
    /// The fields of the body; a missing body, unless optional, or one that is no object is a fault of the body.
    /// </summary>
    public JsonFields Fields(FieldErrors errors, bool optional = false)
    {
        NoteUnreadable(errors);
        return JsonFields.Of(_json, errors, optional);
    }

    private static (RequestBody Body, Problem? Problem) Parse(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Span.Trim(" \t\r\n"u8).IsEmpty)
            return (Empty, null);
        if (!Utf8.IsValid(bytes.Span))
            return (Empty, Malformed("The body is not valid UTF-8."));
        try
        {
            var json = JsonElement.Parse(bytes.Span, Strict);
            return (new RequestBody(json, JsonTexts.IsUnicode(bytes.Span) ? [] : JsonTexts.NotUnicode(json)), null);
        }
        catch (JsonException e) when (e is { LineNumber: { } line, BytePositionInLine: { } position })
        {
            return (Empty, Malformed($"The body is not valid JSON: line {line + 1}, byte {position + 1}."));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return (
                Empty,
                Malformed("The body is not valid JSON: a member occurs twice, or its name is not valid Unicode.")
            );
        }
    }

    private static Problem Malformed(string text)
    {
        var errors = new FieldErrors();
        errors.Add(FieldErrors.Body, text);
        return Problem.Invalid(errors);
    }

    private void NoteUnreadable(FieldErrors errors)
    {
        foreach (var member in _unreadable)
            errors.Add(member, "The text is not valid Unicode.");
    }

    private static bool IsEncoded(HttpRequest request)
    {
        foreach (var encoding in request.Headers.ContentEncoding)
            if (
                !string.IsNullOrWhiteSpace(encoding)
                && !encoding.Trim().Equals("identity", StringComparison.OrdinalIgnoreCase)
            )
                return true;
        return false;
    }

    private static ReadOnlyMemory<byte> WithoutByteOrderMark(byte[] bytes) =>
        bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsMemory(3) : bytes;

    /// <summary>The bytes of the body, also of none; null if they are too many.</summary>
    public static async ValueTask<byte[]?> ReadBytesAsync(HttpContext context)
    {
        if (context.Request.ContentLength > BytesMax)
            return null;
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await ReadAsync(context, reader);
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

    private static async ValueTask<ReadResult> ReadAsync(HttpContext context, PipeReader reader)
    {
        try
        {
            return await reader.ReadAsync(context.RequestAborted);
        }
        catch (IOException e)
        {
            EndConnection(context);
            if (e is BadHttpRequestException or ConnectionResetException)
                throw;
            // The server reports some faults of the transfer, such as a chunk size out of range, as plain IO
            // exceptions.
            throw new BadHttpRequestException("The body was not sent as HTTP requires.", e);
        }
        catch (OperationCanceledException)
        {
            EndConnection(context);
            throw;
        }
    }

    /// <summary>
    /// Closes a connection after this request if its body could not be read to the end, because the next bytes are not
    /// the start of a request. The server does this itself only if the fault reaches it; otherwise it fails and logs a
    /// stack.
    /// </summary>
    private static void EndConnection(HttpContext context)
    {
        // In later protocols requests are separate streams.
        if (HttpProtocol.IsHttp11(context.Request.Protocol) || HttpProtocol.IsHttp10(context.Request.Protocol))
            context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
    }
}
