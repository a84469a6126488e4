using System.Net.Http.Headers;
using GroupBuyActors.Integrations.Http;
using GroupBuyActors.Integrations.Inventory;
using GroupBuyActors.Integrations.Notices;
using GroupBuyActors.Integrations.Payments;
using GroupBuyActors.Ports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Polly.Telemetry;

namespace GroupBuyActors.Integrations;

/// <summary>Registers adapters of ports to services over HTTP.</summary>
public static class HttpPortServices
{
    private static readonly TimeSpan ConnectionIdleMax = TimeSpan.FromMinutes(1);
    private const int HeadersKilobytesMax = 32;
    private const string Pipeline = "port";

    /// <summary>
    /// Replaces the implementation of each port that has a base address by an adapter over HTTP; other ports are not
    /// changed.
    /// </summary>
    public static IServiceCollection AddGroupBuyHttpPorts(this IServiceCollection services, HttpPorts ports)
    {
        services.AddLogging();
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<HttpPortMetrics>();
        services.Configure<TelemetryOptions>(LowerSeverity);
        if (ports.Inventory.BaseUrl is not null)
        {
            services.AddPort("inventory", ports.Inventory, ports, port => new HttpInventory(port));
            services.Replace<IInventory, HttpInventory>().Replace<IStockBooks, HttpInventory>();
        }

        if (ports.Payments.BaseUrl is not null)
        {
            services.AddPort("payments", ports.Payments, ports, port => new HttpPayments(port));
            services.Replace<IPayments, HttpPayments>().Replace<IPaymentBooks, HttpPayments>();
        }

        if (ports.Notices.BaseUrl is not null)
        {
            services.AddPort("notices", ports.Notices, ports, port => new HttpNotices(port));
            services.Replace<INotices, HttpNotices>();
        }

        return services;
    }

    // A failed try is not worth a warning: the breaker logs many failures once, and waiting tasks show lasting ones.
    private static void LowerSeverity(TelemetryOptions telemetry)
    {
        var others = telemetry.SeverityProvider;
        telemetry.SeverityProvider = happened =>
            happened.Source.PipelineName?.EndsWith($"-{Pipeline}", StringComparison.Ordinal) == true
                ? ResilienceEventSeverity.Debug
                : others?.Invoke(happened) ?? happened.Event.Severity;
    }

    private static IServiceCollection Replace<TPort, TAdapter>(this IServiceCollection services)
        where TPort : class
        where TAdapter : class, TPort =>
        services.Replace(ServiceDescriptor.Singleton<TPort>(provider => provider.GetRequiredService<TAdapter>()));

    private static void AddPort<TAdapter>(
        this IServiceCollection services,
        string name,
        HttpPortOptions options,
        HttpPorts ports,
        Func<HttpPort, TAdapter> adapt
    )
        where TAdapter : class
    {
        services.AddKeyedSingleton(name, (provider, _) => NewPipeline(provider, name, options));
        // The client lives as long as the process; its connections have a limited lifetime.
        services.AddSingleton(provider =>
            adapt(
                new HttpPort(
                    name,
                    provider.GetRequiredService<IHttpClientFactory>().CreateClient(name),
                    provider.GetRequiredService<HttpPortMetrics>(),
                    provider.GetRequiredService<TimeProvider>(),
                    provider.GetRequiredService<ILogger<HttpPort>>()
                )
            )
        );
        // From the outermost handler to the innermost, which calls the network.
        var client = services
            .AddHttpClient(name, http => Prepare(http, options))
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers()
            .AddLogger(provider => new MaskingLogger(
                name,
                ports.MaskedHeaders,
                provider.GetRequiredService<ILogger<MaskingLogger>>()
            ))
            .AddHttpMessageHandler(() => new AllowedHostsHandler(ports.Hosts));
        client.AddResilienceHandler(
            Pipeline,
            (pipeline, context) =>
                context.ServiceProvider.GetRequiredKeyedService<PortPipeline>(name).Configure(pipeline)
        );
        client
            .AddHttpMessageHandler(() => new WholeBodyHandler(options.ResponseBytesMax))
            .ConfigurePrimaryHttpMessageHandler(() => Connections(options));
    }

    private static PortPipeline NewPipeline(IServiceProvider provider, string name, HttpPortOptions options)
    {
        var pipeline = new PortPipeline(
            name,
            options,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<HttpPort>>()
        );
        provider.GetRequiredService<HttpPortMetrics>().Watch(name, pipeline.Breaker);
        return pipeline;
    }

    private static void Prepare(HttpClient http, HttpPortOptions options)
    {
        var address = options.BaseUrl!.AbsoluteUri;
        http.BaseAddress = new Uri(address.EndsWith('/') ? address : $"{address}/");
        // The pipeline bounds calls, tries and bodies.
        http.Timeout = Timeout.InfiniteTimeSpan;
        if (options.ApiKey is { } key)
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    private static SocketsHttpHandler Connections(HttpPortOptions options) =>
        new()
        {
            // A redirect would bypass the allow-list, with the body and the key of the call.
            AllowAutoRedirect = false,
            UseCookies = false,
            PooledConnectionLifetime = options.ConnectionLifetime,
            PooledConnectionIdleTimeout = ConnectionIdleMax,
            MaxConnectionsPerServer = options.ConcurrencyMax,
            ConnectTimeout = options.ConnectTimeout,
            MaxResponseHeadersLength = HeadersKilobytesMax,
        };
}
