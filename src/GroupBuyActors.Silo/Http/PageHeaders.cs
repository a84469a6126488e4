using Microsoft.Net.Http.Headers;
using Scalar.AspNetCore;

namespace GroupBuyActors.Silo.Http;

/// <summary>What a page may load and run, where it needs more than nothing.</summary>
/// <param name="Directives">The policy; <c>{nonce}</c> stands for the one that the page's own script carries.</param>
internal sealed record ContentPolicy(string Directives);

/// <summary>
/// Headers that keep a browser from doing with an answer what it is not meant for: guessing its type, keeping it,
/// framing it, running code in it, telling other sites of its address. They are on every answer; what a page needs
/// besides is said where it is mapped.
/// </summary>
internal static class PageHeaders
{
    private const string Nothing = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    /// <summary>For an answer that is no page, and a page that has not said what it needs.</summary>
    public static TBuilder WithContentPolicy<TBuilder>(this TBuilder builder, string directives)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(endpoint => endpoint.Metadata.Add(new ContentPolicy(directives)));
        return builder;
    }

    // At the last moment: an answer that a fault replaces has lost what was set before.
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
