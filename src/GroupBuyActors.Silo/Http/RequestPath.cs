using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GroupBuyActors.Silo.Http;

/// <summary>
/// The path of a request, parsed once, before anything else reads it: its segments, decoded, without dot segments and
/// without a final slash. Routing, access rules, handlers and the scope of idempotency keys all use this parse, so that
/// two spellings of a path are the same call. A path that cannot be decoded gets 404.
/// <para>
/// Logs and traces read <see cref="HttpRequest.Path"/> and the raw target, where a voucher code has no secret. The
/// handler gets the whole code from the route values.
/// </para>
/// </summary>
internal sealed class RequestPath
{
    /// <summary>Replaces a path that cannot be decoded; no route matches it.</summary>
    private const string Unreadable = "/unreadable-path";

    private const string Hidden = "*";

    private readonly IReadOnlyList<string> _segments;
    private readonly bool _endsWithSlash;

    private RequestPath(IReadOnlyList<string> segments, bool endsWithSlash) =>
        (_segments, _endsWithSlash) = (segments, endsWithSlash);

    /// <summary>Parses the path of a new request and replaces the server's parse.</summary>
    public static void Read(IFeatureCollection features)
    {
        if (features.Get<IHttpRequestFeature>() is not { } request || PathOf(request.RawTarget) is not { } raw)
            return;
        var path = TryParse(raw);
        features.Set(path);
        request.Path = path?.DisplayPath() ?? Unreadable;
        request.RawTarget = new PathString(request.Path).ToUriComponent() + request.QueryString;
    }

    /// <summary>Sets the matched route's parameters to the decoded segments.</summary>
    public static void Bind(HttpContext context)
    {
        if (context.GetEndpoint() is not RouteEndpoint endpoint || context.Features.Get<RequestPath>() is not { } path)
            return;
        var pattern = endpoint.RoutePattern.PathSegments;
        for (var i = 0; i < pattern.Count && i < path._segments.Count; i++)
            if (ParameterOf(pattern[i]) is { IsCatchAll: false } parameter)
                context.Request.RouteValues[parameter.Name] = path._segments[i];
    }

    /// <summary>The route's template for logs, such as <c>/v1/orders/{orderId}</c>.</summary>
    public static string TemplateOf(Endpoint? endpoint) =>
        (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? "(no route)";

    /// <summary>The route with its ids, in canonical spelling.</summary>
    public static string CanonicalOf(HttpContext context)
    {
        var endpoint =
            (RouteEndpoint?)context.GetEndpoint() ?? throw new InvalidOperationException("The request has no route.");
        var text = new StringBuilder();
        foreach (var segment in endpoint.RoutePattern.PathSegments)
        {
            text.Append('/');
            foreach (var part in segment.Parts)
                text.Append(TextOf(part, context.Request.RouteValues));
        }

        return text.ToString();
    }

    private static string TextOf(RoutePatternPart part, RouteValueDictionary values) =>
        part switch
        {
            RoutePatternLiteralPart literal => literal.Content,
            RoutePatternSeparatorPart separator => separator.Content,
            RoutePatternParameterPart parameter => Uri.EscapeDataString(
                Convert.ToString(values[parameter.Name], CultureInfo.InvariantCulture) ?? ""
            ),
            _ => throw new InvalidOperationException("A route must consist of literals and parameters."),
        };

    private static RoutePatternParameterPart? ParameterOf(RoutePatternPathSegment segment) =>
        segment.IsSimple ? segment.Parts[0] as RoutePatternParameterPart : null;

    // The path of a target in origin form (/path?query) or absolute form (http://host/path?query); others have none.
    private static string? PathOf(string target)
    {
        var start = 0;
        if (!target.StartsWith('/'))
        {
            var scheme = target.IndexOf("://", StringComparison.Ordinal);
            if (scheme < 0)
                return null;
            start = target.IndexOf('/', scheme + 3);
            if (start < 0)
                return "/";
        }

        var query = target.IndexOf('?', start);
        return query < 0 ? target[start..] : target[start..query];
    }

    private static RequestPath? TryParse(string raw)
    {
        var segments = new List<string>();
        var last = "";
        foreach (var range in raw.AsSpan(1).Split('/'))
        {
            if (Decode(raw.AsSpan(1)[range]) is not { } segment)
                return null;
            if (segment == "..")
            {
                if (segments.Count > 0)
                    segments.RemoveAt(segments.Count - 1);
            }
            else if (segment != ".")
            {
                segments.Add(segment);
            }

            last = segment;
        }

        if (last.Length == 0 && segments.Count > 0)
            segments.RemoveAt(segments.Count - 1);
        return new RequestPath(segments, endsWithSlash: last is "" or "." or "..");
    }

    /// <summary>The decoded segment; null if an escape is invalid, or if the bytes are not valid UTF-8.</summary>
    private static string? Decode(ReadOnlySpan<char> raw)
    {
        if (!raw.Contains('%'))
            return raw.ToString();
        var bytes = new ArrayBufferWriter<byte>(raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] != '%')
            {
                Encoding.UTF8.GetBytes(raw.Slice(i, 1), bytes);
                continue;
            }

            if (
                i + 2 >= raw.Length
                || !byte.TryParse(
                    raw.Slice(i + 1, 2),
                    NumberStyles.AllowHexSpecifier,
                    CultureInfo.InvariantCulture,
                    out var value
                )
                || value == 0
            )
                return null;
            bytes.Write([value]);
            i += 2;
        }

        return Utf8.IsValid(bytes.WrittenSpan) ? Encoding.UTF8.GetString(bytes.WrittenSpan) : null;
    }

    // A slash within a segment stays escaped, so that routing finds the same segments.
    private string DisplayPath()
    {
        var text = new StringBuilder();
        for (var i = 0; i < _segments.Count; i++)
            text.Append('/').Append(WithoutSecret(i).Replace("/", "%2F", StringComparison.Ordinal));
        return _segments.Count == 0 || _endsWithSlash ? text.Append('/').ToString() : text.ToString();
    }

    // A voucher code is recognised by its format anywhere in the path; in the code's own segment a malformed one is
    // hidden completely.
    private string WithoutSecret(int index)
    {
        if (VoucherCode.TryParse(_segments[index], out var code))
            return code.ToString();
        var isPlaceOfCode = index == 2 && Is(0, "v1") && Is(1, "vouchers");
        return isPlaceOfCode && _segments[index].Length > 0 ? Hidden : _segments[index];
    }

    private bool Is(int index, string literal) => _segments[index].Equals(literal, StringComparison.OrdinalIgnoreCase);
}

/// <summary>Parses each request's line before its context, log scope and trace are created.</summary>
internal sealed class RequestLineContextFactory(IServiceProvider services) : IHttpContextFactory
{
    private readonly DefaultHttpContextFactory _inner = new(services);

    public HttpContext Create(IFeatureCollection featureCollection)
    {
        RequestPath.Read(featureCollection);
        HeadRequest.Read(featureCollection);
        return _inner.Create(featureCollection);
    }

    public void Dispose(HttpContext httpContext) => _inner.Dispose(httpContext);
}

internal static class RequestPathPipeline
{
    /// <summary>After routing: sets the route's parameters from <see cref="RequestPath"/>.</summary>
    public static void UseRequestPath(this WebApplication app) =>
        app.Use(
            (context, next) =>
            {
                RequestPath.Bind(context);
                return next(context);
            }
        );
}
