using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Integrations.Http;

/// <summary>
/// Interprets answers. Only answers that match the contract are accepted: a proxy's page with status 200 has reserved
/// nothing, one with status 404 does not mean that a buyer has not paid, and a 409 without a known code is not a
/// permanent refusal.
/// </summary>
internal static class HttpPortAnswers
{
    private const int WordsMax = 300;

    /// <summary>The answer to a document.</summary>
    public static PortReply Read(string port, HttpPortAnswer answer, IReadOnlyCollection<string> refusals)
    {
        switch (answer.Status)
        {
            case HttpStatusCode.Accepted:
                return Unavailable($"{port} accepted the call but has not completed it.");
            case >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices:
                return answer.Body.Length == 0 || IsObject(answer.Body)
                    ? PortReply.Done
                    : Unavailable($"{port} answered {(int)answer.Status} with a body that is not a JSON object.");
            case HttpStatusCode.Conflict or HttpStatusCode.UnprocessableEntity:
                var (code, detail) = Problem(answer.Body);
                return code is not null && refusals.Contains(code)
                    ? new PortReply(PortAnswer.Refused, detail ?? code)
                    : Unavailable(Describe(port, answer));
            default:
                return Unavailable(Describe(port, answer));
        }
    }

    /// <summary>The answer to a query.</summary>
    public static (PortReply Reply, TAnswer? Answer) Read<T, TAnswer>(
        string port,
        HttpPortAnswer answer,
        JsonTypeInfo<T> type,
        Func<T, TAnswer?> read,
        HttpPortCall call,
        TAnswer? unknown
    )
        where TAnswer : class
    {
        if (
            answer.Status == HttpStatusCode.NotFound
            && unknown is not null
            && Problem(answer.Body).Code is { } code
            && call.Refusals.Contains(code)
        )
            return (PortReply.Done, unknown);
        if (answer.Status != HttpStatusCode.OK)
            return (Unavailable(Describe(port, answer)), null);
        try
        {
            if (JsonSerializer.Deserialize(answer.Body, type) is { } document && read(document) is { } said)
                return (PortReply.Done, said);
            return (Unavailable($"{port} answered {call.Operation} with impossible values."), null);
        }
        catch (JsonException e)
        {
            return (
                Unavailable(
                    $"{port} answered {call.Operation} with a body that does not match the contract (at "
                        + $"{(e.Path is { Length: > 0 } path ? Plain(path) : "its start")})."
                ),
                null
            );
        }
    }

    private static PortReply Unavailable(string words) => new(PortAnswer.Unavailable, words);

    private static string Describe(string port, HttpPortAnswer answer)
    {
        if ((int)answer.Status is >= 300 and < 400)
            return $"{port} answered {(int)answer.Status}; redirects are not followed.";
        var (code, detail) = Problem(answer.Body);
        return $"{port} answered "
            + $"{(int)answer.Status}{(code is null ? "" : $" {code}")}{(detail is null ? "." : $": {detail}")}";
    }

    private static (string? Code, string? Detail) Problem(byte[] body)
    {
        if (!TryParse(body, out var document))
            return default;
        using (document)
            return (
                Text(document.RootElement, "code"),
                Text(document.RootElement, "detail") ?? Text(document.RootElement, "title")
            );
    }

    private static bool IsObject(byte[] body)
    {
        if (!TryParse(body, out var document))
            return false;
        document.Dispose();
        return true;
    }

    private static bool TryParse(
        byte[] body,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out JsonDocument? document
    )
    {
        document = null;
        try
        {
            var parsed = JsonDocument.Parse(body);
            if (parsed.RootElement.ValueKind == JsonValueKind.Object)
                document = parsed;
            else
                parsed.Dispose();
        }
        catch (JsonException)
        {
            return false;
        }

        return document is not null;
    }

    private static string? Text(JsonElement parent, string name)
    {
        if (!parent.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String)
            return null;
        try
        {
            return value.GetString() is { Length: > 0 } text ? Plain(text) : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            return null;
        }
    }

    // A service's texts are written to logs and shown to operators.
    private static string Plain(string text)
    {
        var shortened =
            text.Length <= WordsMax
                ? text
                : $"{text.AsSpan(0, char.IsHighSurrogate(text[WordsMax - 1]) ? WordsMax - 1 : WordsMax)}…";
        return string.Create(
            shortened.Length,
            shortened,
            (span, source) =>
            {
                for (var i = 0; i < span.Length; i++)
                    span[i] = char.IsControl(source[i]) ? ' ' : source[i];
            }
        );
    }
}
