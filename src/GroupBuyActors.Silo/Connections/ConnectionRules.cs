using GroupBuyActors.Background;
using GroupBuyActors.Silo.Http;
using Microsoft.AspNetCore.Connections;

namespace GroupBuyActors.Silo.Connections;

/// <summary>Adds the bound of connections to the server and its pipeline.</summary>
internal static class ConnectionRules
{
    /// <summary>Bounds the connections that a transport accepts.</summary>
    public static void AddConnectionBounds<TTransport>(this IServiceCollection services)
        where TTransport : class, IConnectionListenerFactory, IConnectionListenerFactorySelector
    {
        services.AddSingleton<ConnectionMetrics>();
        services.AddSingleton<ConnectionSlots>();
        // The server uses the factory that was added last.
        services.AddSingleton<IConnectionListenerFactory>(provider => new BoundedTransport<TTransport>(
            ActivatorUtilities.CreateInstance<TTransport>(provider),
            provider.GetRequiredService<ConnectionSlots>()
        ));
        services.AddBackgroundLoop<ConnectionWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<ConnectionWatch>());
    }

    /// <summary>
    /// First in the pipeline: on a spare slot only health checks are answered, and the connection is closed after the
    /// answer.
    /// </summary>
    public static void UseConnectionBounds(this WebApplication app)
    {
        var metrics = app.Services.GetRequiredService<ConnectionMetrics>();
        app.Use(
            (context, next) =>
            {
                if (context.Features.Get<ConnectionSlot>() is not { } slot)
                    return next(context);
                slot.RequestReceived();
                if (!slot.IsSpare)
                    return next(context);
                context.Response.Headers.Connection = "close";
                if (context.Request.Path.StartsWithSegments("/health"))
                    return next(context);
                metrics.Busy();
                return Problems.Busy.ExecuteAsync(context);
            }
        );
    }
}
