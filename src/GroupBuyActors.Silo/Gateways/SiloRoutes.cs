using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;

namespace GroupBuyActors.Silo.Gateways;

/// <summary>Marks a route that only a silo can answer; a gateway passes it on.</summary>
internal sealed record SiloRouteMetadata;

/// <summary>
/// A gateway hosts no grains. It answers routes about groups, orders, lists and events itself, by calls of groups and
/// by reading the store. Routes of operators and of the sandbox need what silos have, so it passes them to one in a
/// single call (<see cref="ISiloRouteGrain"/>), after it has authenticated the caller and applied the access rules.
/// </summary>
internal static class SiloRoutes
{
    /// <summary>Above what any of these routes may take on a silo.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(19);

    /// <summary>The request headers that handlers of these routes read.</summary>
    private static readonly string[] RequestHeaders =
    [
        IdempotencyHeader.Name,
        "Content-Type",
        "Content-Encoding",
        "Accept",
    ];

    private static readonly string[] ServersOwnHeaders = ["Content-Length", "Transfer-Encoding"];

    /// <summary>Only silos can answer these routes.</summary>
    public static TBuilder RunsOnSilos<TBuilder>(this TBuilder routes)
        where TBuilder : IEndpointConventionBuilder
    {
        routes.Add(endpoint => endpoint.Metadata.Add(new SiloRouteMetadata()));
        return routes;
    }

    /// <summary>Passes the marked routes to a silo; after the access rules.</summary>
    public static void UseSiloRoutes(this WebApplication app) =>
        app.Use(
            (context, next) =>
            {
                // Before the client has started, it can call nothing.
                if (
                    !app.Lifetime.ApplicationStarted.IsCancellationRequested
                    && context.GetEndpoint()?.Metadata.GetMetadata<AccessMetadata>() is not null
                )
                    return Problem
                        .Of(RefusalCode.StoreUnavailable, "This gateway has not found a silo yet.")
                        .ExecuteAsync(context);
                return
                    context.GetEndpoint() is RouteEndpoint endpoint
                    && endpoint.Metadata.GetMetadata<SiloRouteMetadata>() is not null
                    ? PassOnAsync(context, endpoint)
                    : next(context);
            }
        );

    private static async Task PassOnAsync(HttpContext context, RouteEndpoint endpoint)
    {
        var services = context.RequestServices;
        if (services.GetRequiredService<ISiloGate>().RefusalReason is { } reason)
        {
            await Problem.Of(RefusalCode.StoreUnavailable, reason).ExecuteAsync(context);
            return;
        }

        if (await RequestBody.ReadBytesAsync(context) is not { } body)
        {
            await Problems.TooLarge.ExecuteAsync(context);
            return;
        }

        var silo = services.GetRequiredService<IGrainFactory>().GetGrain<ISiloRouteGrain>(0);
        var answer = await silo.Answer(RequestOf(context, endpoint, body))
            .WaitAsync(AnswerTimeout, services.GetRequiredService<TimeProvider>(), context.RequestAborted);
        if (answer.Status == 0)
            await Problem
                .Of(RefusalCode.StoreUnavailable, "The silo that was asked runs a release without this route.")
                .ExecuteAsync(context);
        else
            await WriteAsync(context, answer);
    }

    private static RoutedRequest RequestOf(HttpContext context, RouteEndpoint endpoint, byte[] body)
    {
        var caller = Caller.Of(context);
        return new RoutedRequest
        {
            Template = endpoint.RoutePattern.RawText ?? "",
            Method = context.Request.Method,
            Values = context.Request.RouteValues.ToDictionary(
                value => value.Key,
                value => value.Value as string ?? "",
                StringComparer.OrdinalIgnoreCase
            ),
            Query = context.Request.QueryString.Value ?? "",
            Headers = RequestHeaders
                .Where(context.Request.Headers.ContainsKey)
                .ToDictionary(name => name, name => context.Request.Headers[name].OfType<string>().ToArray()),
            Body = body.Length == 0 ? null : body,
            Caller = caller.Name,
            Role = caller.Role,
            Subject = caller.Subject,
        };
    }

    private static async Task WriteAsync(HttpContext context, RoutedAnswer answer)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        foreach (var (name, values) in answer.Headers)
            if (!ServersOwnHeaders.Contains(name, StringComparer.OrdinalIgnoreCase))
                response.Headers[name] = values;
        if (answer.Body.Length == 0)
            return;
        response.ContentLength = answer.Body.Length;
        await response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }
}
