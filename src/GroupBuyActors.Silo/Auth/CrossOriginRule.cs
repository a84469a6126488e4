using GroupBuyActors.Silo.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace GroupBuyActors.Silo.Auth;

/// <summary>
/// Prevents a page of another origin from changing anything through the browser of an authorised user. A browser sends
/// such a page's simple requests (a form, a <c>no-cors</c> fetch) without a preflight and with the user's cookies; it
/// only hides the answer from the page. Browsers mark these requests in <c>Sec-Fetch-Site</c> or, if that is not sent,
/// in <c>Origin</c>; another port of this machine is another origin, too. Requests that no browser sends have neither
/// header.
/// </summary>
internal static class CrossOriginRule
{
    private static readonly Problem Foreign = Problems.Forbidden("Cross-origin requests cannot change anything.");

    /// <summary>Refuses requests from pages of another origin, except reads.</summary>
    public static void UseCrossOriginRule(this WebApplication app) =>
        app.Use((context, next) => IsForeignChange(context.Request) ? Foreign.ExecuteAsync(context) : next(context));

    /// <summary>
    /// Refuses bodies with a content type other than JSON, because a simple request of another origin cannot send
    /// JSON's.
    /// </summary>
    public static void UseJsonBodies(this WebApplication app) =>
        app.Use((context, next) => HasOtherBody(context) ? Problems.NotJson.ExecuteAsync(context) : next(context));

    internal static bool IsForeignChange(HttpRequest request)
    {
        if (IsRead(request.Method))
            return false;
        var site = request.Headers["Sec-Fetch-Site"];
        if (site.Count > 0)
            return !(site is ["same-origin"] or ["none"]);
        var origin = request.Headers.Origin;
        return origin.Count > 0 && !(origin is [{ } one] && IsOwn(one, request.Host));
    }

    private static bool IsRead(string method) =>
        HttpMethods.IsGet(method)
        || HttpMethods.IsHead(method)
        || HttpMethods.IsOptions(method)
        || HttpMethods.IsTrace(method);

    // The scheme is not compared: behind a proxy that terminates TLS it differs from the browser's.
    private static bool IsOwn(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var page)
        && page.Host.Equals(host.Host, StringComparison.OrdinalIgnoreCase)
        && page.Port == (host.Port ?? (page.Scheme == Uri.UriSchemeHttps ? 443 : 80));

    private static bool HasOtherBody(HttpContext context)
    {
        if (context.Request.ContentType is not { Length: > 0 } type || IsRead(context.Request.Method))
            return false;
        var isCall = context.GetEndpoint()?.Metadata.GetMetadata<AccessMetadata>() is not null;
        var hasBody = context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? true;
        return isCall && hasBody && !IsJson(type);
    }

    private static bool IsJson(string type) =>
        MediaTypeHeaderValue.TryParse(type, out var media)
        && (Is(media.MediaType, "application/json") || Is(media.Suffix, "json"))
        && (!media.Charset.HasValue || Is(media.Charset.Value.Trim('"'), "utf-8"));

    private static bool Is(StringSegment text, string word) => text.Equals(word, StringComparison.OrdinalIgnoreCase);
}
