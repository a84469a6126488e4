using Microsoft.Net.Http.Headers;
using Scalar.AspNetCore;

namespace GroupBuyActors.Silo.Http;

/// <summary>The content security policy of a page that loads or runs anything.</summary> <param name="Directives">The
/// policy; <c>{nonce}</c> is replaced by the nonce of the page's own script.</param>
internal sealed record ContentPolicy(string Directives);

/// <summary>
/// Headers that prevent a browser from misusing an answer: guessing its type, caching it, framing it, running code in
/// it, sending its address to other sites. Every answer has them; a page that needs more sets its policy where it is
/// mapped.
/// </summary>
internal static class PageHeaders
{
    private const string Nothing = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    /// <summary>Sets the content security policy of a page.</summary>
    public static TBuilder WithContentPolicy<TBuilder>(this TBuilder builder, string directives)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(endpoint => endpoint.Metadata.Add(new ContentPolicy(directives)));
        return builder;
    }

    // Set when the response starts, because the answer to an exception clears headers that were set before.
    public static void UsePageHeaders(this WebApplication app) =>
        app.Use(
            (context, next) =>
            {
                context.Response.OnStarting(Complete, context);
                return next(context);
            }
        );

    private static Task Complete(object state)
    {
        var context = (HttpContext)state;
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        if (headers.ContentSecurityPolicy.Count == 0)
            headers.ContentSecurityPolicy = Policy(context);
        if (headers.CacheControl.Count == 0)
            headers.CacheControl = CacheControlHeaderValue.NoStoreString;
        return Task.CompletedTask;
    }

    private static string Policy(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<ContentPolicy>() is not { } policy)
            return Nothing;
        return context.Items[ScalarOptions.NonceHttpContextItemKey] is string nonce
            ? policy.Directives.Replace("{nonce}", $"'nonce-{nonce}'", StringComparison.Ordinal)
            : policy.Directives.Replace(" {nonce}", "", StringComparison.Ordinal);
    }
}
