using System.Security.Cryptography;
using System.Text;
using GroupBuyActors.Groups;
using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;

namespace GroupBuyActors.Silo.Idempotency;

/// <summary>
/// Creates request keys. The scope of a caller's <c>Idempotency-Key</c> is the caller, method, route and the route's
/// ids, whatever the spelling of the path. The key's id is the hash of all of these, its fingerprint the hash of the
/// body as JSON. Without a header the id is random, so that this service's own retries are the same call.
/// </summary>
internal static class RequestKeys
{
    private const int LengthMax = 255;

    /// <summary>The key of this call; a problem if the header is malformed.</summary>
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

    /// <summary>
    /// The key of a call that needs no body; a body that is sent anyway must be JSON and is part of the fingerprint.
    /// </summary>
    public static async Task<(RequestKey Key, Problem? Problem)> OfBodilessAsync(HttpContext context)
    {
        var (body, problem) = await RequestBody.ReadAsync(context);
        var (key, keyProblem) = Of(context, body);
        return (key, problem ?? keyProblem);
    }

    /// <summary>True if a text has the format of a key's id: a hash, or a random one.</summary>
    public static bool IsId(string text) =>
        text.Length is 22 or 32
        && text.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_');
}
