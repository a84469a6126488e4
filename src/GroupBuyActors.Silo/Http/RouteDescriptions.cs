namespace GroupBuyActors.Silo.Http;

/// <summary>
/// The type of a route's body, for its description only: handlers read bodies field by field so that all faults are
/// reported.
/// </summary>
internal sealed record BodyMetadata(Type Document);

/// <summary>Marks a PUT or DELETE that honours <c>Idempotency-Key</c>; for its description only.</summary>
internal sealed record KeyMetadata;

/// <summary>Describes routes in OpenAPI.</summary>
internal static class RouteDescriptions
{
    public static RouteHandlerBuilder Describe(this RouteHandlerBuilder route, string summary, Type? body = null)
    {
        if (body is not null)
            route.WithMetadata(new BodyMetadata(body));
        return route.WithSummary(summary);
    }

    public static RouteHandlerBuilder HonoursKey(this RouteHandlerBuilder route) =>
        route.WithMetadata(new KeyMetadata());

    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
            route.Produces<T>(status, "application/json");
        return route;
    }

    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
            route.Produces<Client.ProblemDocument>(status, "application/problem+json");
        return route;
    }

    /// <summary>Adds a status with which any route of a group may be refused.</summary>
    public static RouteGroupBuilder Refuses(this RouteGroupBuilder routes, int status) =>
        routes.WithMetadata(
            new ProducesResponseTypeMetadata(status, typeof(Client.ProblemDocument), ["application/problem+json"])
        );
}
