using GroupBuyActors.Silo.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace GroupBuyActors.Silo.Auth;

/// <summary>
/// A page of another origin must not change anything here through the browser of somebody who may. A browser sends such
/// a page's simple calls (a form's, a <c>no-cors</c> fetch) without asking first, with whatever the browser adds by
/// itself; only the answer is kept from the page. Browsers mark these calls, in <c>Sec-Fetch-Site</c> or, where that is
/// not sent, in <c>Origin</c>; another port of this machine is another origin, too. What no browser sends has neither.
/// </summary>
internal static class CrossOriginRule
{
    private static readonly Problem Foreign = Problems.Forbidden("Cross-origin requests cannot change anything.");

    /// <summary>Refuses what a page of another origin sends, unless it only reads.</summary>
    public static void UseCrossOriginRule(this WebApplication app) =>
        app.Use((context, next) => IsForeignChange(context.Request) ? Foreign.ExecuteAsync(context) : next(context));

    /// <summary>
    /// Refuses a body that says that it is something else than JSON: a simple call can carry nothing but that.
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

    // The scheme is not compared: behind a proxy that ends TLS it is another than the browser's.
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
