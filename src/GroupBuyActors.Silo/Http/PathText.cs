namespace GroupBuyActors.Silo.Http;

/// <summary>
/// Path segments as the caller wrote them. The server leaves <c>%2F</c> in a path undecoded, so a segment that may hold any text (a
/// user, a sku) is read from the request line itself.
/// </summary>
internal static class PathText
{
    /// <summary>Segment <paramref name="index"/> (from 0) of the path, decoded; what routing found where there is no request line.</summary>
    public static string Segment(HttpContext context, int index, string routed)
    {
        var target = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()?.RawTarget;
        if (target is null || !target.StartsWith('/')) return routed;
        var path = target.AsSpan(1, (target.IndexOf('?') is var query and > 0 ? query : target.Length) - 1);
        foreach (var range in path.Split('/'))
            if (index-- == 0) return Uri.UnescapeDataString(path[range]);
        return routed;
    }
}
