using System.Text.Json;
using System.Text.Json.Serialization;
using GroupBuyActors.Silo.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GroupBuyActors.Silo.Auth;

/// <summary>What a page asks before anything else: whether a key is needed, and whose the one is that it has.</summary>
/// <param name="Mode"><c>open</c> or <c>apiKey</c>.</param>
/// <param name="Caller">Who is calling; absent where the request proves nobody.</param>
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
/// <c>/session</c>: answers everyone, so that a page can ask for a key without being refused first. POST has the
/// browser keep the key that is sent for the dashboard (<see cref="BrowserKey"/>), DELETE has it forget that.
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
            BrowserKey.Keep(context, secret);
        return Document(auth, identity);
    }

    private static NoContent Forget(HttpContext context)
    {
        BrowserKey.Forget(context);
        return TypedResults.NoContent();
    }

    private static IResult Document(AuthOptions auth, Identity identity) =>
        Results.Json(SessionDocument.Of(auth.Mode, identity.Caller), SessionJson.Default.SessionDocument);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SessionDocument))]
internal sealed partial class SessionJson : JsonSerializerContext;
