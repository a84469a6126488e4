using System.Security.Cryptography;
using System.Text;
using GroupBuyActors.Groups;
using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;

namespace GroupBuyActors.Silo.Idempotency;

/// <summary>
/// Makes request keys. A caller's <c>Idempotency-Key</c> holds within caller, method, route and the ids in it, however
/// the path is spelt; its id is the hash of all of these, its fingerprint the hash of the body as JSON. Where the
/// caller gives none, the edge draws an id, so that its own retries are one call.
/// </summary>
internal static class RequestKeys
{
    private const int LengthMax = 255;

    /// <summary>The key of this call; a problem where the header is malformed.</summary>
    public static (RequestKey Key, Problem? Problem) Of(HttpContext context, RequestBody body)
    {
        if (body.TextProblem is { } problem)
            return (new RequestKey("-", ""), problem);
        if (!context.Request.Headers.TryGetValue(IdempotencyHeader.Name, out var values))
            return (new RequestKey(RandomNumberGenerator.GetHexString(32, lowercase: true), ""), null);
        if (values is not [{ Length: >= 1 and <= LengthMax } key])
        {
            var errors = new FieldErrors();
            errors.Add(IdempotencyHeader.Name, $"The header must have one key of 1 to {LengthMax} characters.");
            return (new RequestKey("-", ""), Problem.Invalid(errors));
        }

        var scope = $"{Caller.Of(context).Name}\n{context.Request.Method}\n{RequestPath.CanonicalOf(context)}\n{key}";
        return (new RequestKey(RequestHash.Of(Encoding.UTF8.GetBytes(scope)), body.Fingerprint), null);
    }

    /// <summary>The key of a call that needs no body; one that is sent all the same must be JSON and counts.</summary>
    public static async Task<(RequestKey Key, Problem? Problem)> OfBodilessAsync(HttpContext context)
    {
        var (body, problem) = await RequestBody.ReadAsync(context);
        var (key, keyProblem) = Of(context, body);
        return (key, problem ?? keyProblem);
    }

    /// <summary>True for a text that may be the id of a key: a hash, or one that was drawn.</summary>
    public static bool IsId(string text) =>
        text.Length is 22 or 32
        && text.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_');
}
