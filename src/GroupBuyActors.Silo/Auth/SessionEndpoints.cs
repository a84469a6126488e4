using System.Text.Json;
using System.Text.Json.Serialization;
using GroupBuyActors.Silo.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GroupBuyActors.Silo.Auth;

/// <summary>
/// The answer to a page's first request: whether a key is needed, and which caller its key authenticates.
/// </summary>
/// <param name="Mode"><c>open</c> or <c>apiKey</c>.</param> <param name="Caller">The caller; absent if the request is
/// not authenticated.</param>
internal sealed record SessionDocument(string Mode, SessionCaller? Caller)
{
    public static SessionDocument Of(AuthMode mode, Caller? caller) =>
        new(Word(mode), caller is null ? null : new SessionCaller(caller.Name, Word(caller.Role)));

    private static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}

/// <summary>The caller of a session.</summary>
internal sealed record SessionCaller(string Name, string Role);

/// <summary>
/// <c>/session</c>: answers everyone, so that a page can ask its user for a key without a refused request. POST stores
/// the sent key in a cookie for the dashboard (<see cref="BrowserKey"/>), DELETE removes the cookie.
/// </summary>
internal static class SessionEndpoints
{
    public static void MapSession(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/session", ReadAsync).ExcludeFromDescription();
        routes.MapPost("/session", KeepAsync).ExcludeFromDescription();
        routes.MapDelete("/session", Forget).ExcludeFromDescription();
    }

    private static async Task<IResult> ReadAsync(HttpContext context, AuthOptions auth, IAuthenticator authenticator)
    {
        var identity = await authenticator.AuthenticateAsync(context);
        return identity.IsLimited ? Problems.TooManyKeys : Document(auth, identity);
    }

    private static async Task<IResult> KeepAsync(HttpContext context, AuthOptions auth, IAuthenticator authenticator)
    {
        var identity = await authenticator.AuthenticateAsync(context);
        if (identity.IsLimited)
            return Problems.TooManyKeys;
        var sent = context.Request.Headers["X-Api-Key"];
        if (identity.Caller is not null && sent is [{ } secret])
            BrowserKey.Store(context, secret);
        return Document(auth, identity);
    }

    private static NoContent Forget(HttpContext context)
    {
        BrowserKey.Remove(context);
        return TypedResults.NoContent();
    }

    private static IResult Document(AuthOptions auth, Identity identity) =>
        Results.Json(SessionDocument.Of(auth.Mode, identity.Caller), SessionJson.Default.SessionDocument);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SessionDocument))]
internal sealed partial class SessionJson : JsonSerializerContext;
