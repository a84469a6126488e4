using GroupBuyActors.Hosting;
using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;
using Microsoft.AspNetCore.Http.Features;
using Orleans.Concurrency;

namespace GroupBuyActors.Silo.Gateways;

/// <summary>
/// See <see cref="ISiloRouteGrain"/>. The handler is the one that serves the route on this silo, so that a gateway
/// answers the same, with the same bounds on time.
/// </summary>
[StatelessWorker, Reentrant]
internal sealed class SiloRouteGrain(
    EndpointDataSource endpoints,
    IServiceScopeFactory scopes,
    ISiloGate gate,
    ILogger<SiloRouteGrain> log
) : Grain, ISiloRouteGrain
{
    // Handlers are not made for the turns of a grain: they run on the thread pool, as for requests over HTTP.
    public Task<RoutedAnswer> Answer(RoutedRequest request) => Task.Run(() => AnswerAsync(request));

    public Task<string?> WhyNotServing() => Task.FromResult(gate.ClosedBecause);

    private async Task<RoutedAnswer> AnswerAsync(RoutedRequest request)
    {
        if (EndpointOf(request) is not { RequestDelegate: { } handler } endpoint)
            return new RoutedAnswer(0, [], []);
        await using var scope = scopes.CreateAsyncScope();
        using var body = new MemoryStream();
        var context = ContextOf(request, endpoint, scope.ServiceProvider, body);
        try
        {
            await handler(context);
        }
        catch (Exception e)
        {
            body.SetLength(0);
            context.Response.Headers.Clear();
            await Faults.ProblemOf(context, e, RequestPath.TemplateOf(endpoint), log).ExecuteAsync(context);
        }

        await context.Response.CompleteAsync();
        return new RoutedAnswer(
            context.Response.StatusCode,
            context.Response.Headers.ToDictionary(
                header => header.Key,
                header => header.Value.ToArray().OfType<string>().ToArray()
            ),
            body.ToArray()
        );
    }

    private RouteEndpoint? EndpointOf(RoutedRequest request) =>
        endpoints
            .Endpoints.OfType<RouteEndpoint>()
            .FirstOrDefault(endpoint =>
                endpoint.RoutePattern.RawText == request.Template
                && endpoint.Metadata.GetMetadata<SiloRouteMetadata>() is not null
                && endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains(request.Method) == true
            );

    private static DefaultHttpContext ContextOf(
        RoutedRequest request,
        RouteEndpoint endpoint,
        IServiceProvider services,
        Stream answer
    )
    {
        var context = new DefaultHttpContext { RequestServices = services };
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(answer));
        context.Features.Set(new Caller(request.Caller, request.Role, request.Subject));
        context.SetEndpoint(endpoint);
        context.Request.Method = request.Method;
        context.Request.QueryString = new QueryString(request.Query);
        foreach (var (name, value) in request.Values)
            context.Request.RouteValues[name] = value;
        foreach (var (name, values) in request.Headers)
            context.Request.Headers[name] = values;
        context.Request.Body = new MemoryStream(request.Body ?? [], writable: false);
        context.Request.ContentLength = request.Body?.Length ?? 0;
        return context;
    }
}
