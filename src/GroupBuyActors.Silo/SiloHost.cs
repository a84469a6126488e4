using System.Security.Cryptography;
using GroupBuyActors.Client;
using GroupBuyActors.Integrations;
using GroupBuyActors.Retention;
using GroupBuyActors.Sandbox;
using GroupBuyActors.Silo.Admin;
using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Connections;
using GroupBuyActors.Silo.Events;
using GroupBuyActors.Silo.Gateways;
using GroupBuyActors.Silo.Groups;
using GroupBuyActors.Silo.Health;
using GroupBuyActors.Silo.Hosting;
using GroupBuyActors.Silo.Http;
using GroupBuyActors.Silo.Idempotency;
using GroupBuyActors.Silo.Orders;
using GroupBuyActors.Silo.Sandbox;
using GroupBuyActors.Silo.Settings;
using GroupBuyActors.Silo.Telemetry;
using GroupBuyActors.Silo.Users;
using GroupBuyActors.Silo.Vouchers;
using GroupBuyActors.Store;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace GroupBuyActors.Silo;

/// <summary>Composes the silo: settings, store, ports, actors and the HTTP API.</summary>
internal static class SiloHost
{
    // Calls from the same machine, such as the health check, use these names, whatever other names the service has.
    private static readonly string[] LoopbackNames = ["localhost", "127.0.0.1", "[::1]"];

    /// <summary>
    /// Builds a silo without starting it. Throws <see cref="SettingsException"/> or <see cref="StartException"/>.
    /// Settings and static files are beside the binary, data in the working directory.
    /// </summary>
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions
            {
                Args = args,
                ContentRootPath = AppContext.BaseDirectory,
                WebRootPath = "wwwroot",
            }
        );
        var settings = SiloSettings.Read(builder.Configuration);
        DataFile.Prepare(settings.Storage);
        AddLogging(builder.Logging, settings.LogFormat);
        AddServer(builder, settings);
        AddEngine(builder, settings);
        AddEdge(builder.Services, settings);
        var app = builder.Build();
        FollowMaskedHeaders(app, settings);
        UsePipeline(app, settings);
        return app;
    }

    /// <summary>
    /// Checks limits and ports and migrates the schema, then starts the silo, so that a fault that a person must
    /// correct is reported before anything runs.
    /// </summary>
    public static async Task StartAsync(WebApplication app, CancellationToken cancellation)
    {
        Descriptors.Check(Descriptors.Limit);
        FreePorts.Check(app.Services.GetRequiredService<SiloSettings>());
        // Silos prepare the database that gateways read.
        if (app.Services.GetRequiredService<SiloSettings>().Role == ProcessRole.Silo)
            await MigrateAsync(app, cancellation);
        await app.StartAsync(cancellation);
        Exposure.Report(app.Services.GetRequiredService<SiloSettings>(), app.Urls, app.Logger);
    }

    private static async Task MigrateAsync(WebApplication app, CancellationToken cancellation)
    {
        await app.Services.GetRequiredService<IStoreHealth>().MigrateAsync(cancellation);
        if (app.Services.GetService<SandboxControl>() is { } sandbox)
            await sandbox.MigrateAsync(cancellation);
    }

    private static void AddLogging(ILoggingBuilder logging, LogFormat format)
    {
        logging.ClearProviders();
        if (format == LogFormat.Json)
            logging.AddJsonConsole(console =>
                (console.IncludeScopes, console.UseUtcTimestamp, console.TimestampFormat) = (
                    true,
                    true,
                    "yyyy-MM-dd'T'HH:mm:ss.fff'Z'"
                )
            );
        else
            logging.AddSimpleConsole(console =>
                (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss.fff ")
            );
        // The command reports a failed start in one sentence; these categories would print the stack as well.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        logging.AddFilter("Orleans.Runtime.SiloLifecycleSubject", LogLevel.None);
    }

    private static void AddServer(WebApplicationBuilder builder, SiloSettings settings)
    {
        if (settings.Urls is [SiloSettings.UrlDefault])
            builder.WebHost.UseUrls(SiloSettings.UrlDefault);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = RequestBody.BytesReadMax;
            kestrel.Limits.KeepAliveTimeout = settings.Edge.Idle;
            kestrel.Limits.RequestHeadersTimeout = settings.Edge.Silence;
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = settings.ShutdownTimeout);
        builder.Services.AddHostedService<StopBound>();
        if (settings.Auth.Mode == AuthMode.Open)
            KeepToLoopback(builder.Services);
        else
            ListenAnywhere(builder.Services);
    }

    private static void KeepToLoopback(IServiceCollection services)
    {
        // A page of another site must not reach an open service through a host name that resolves to this machine.
        services.Configure<HostFilteringOptions>(filter => filter.AllowedHosts = [.. LoopbackNames]);
        services.AddConnectionBounds<LoopbackTransport>();
        // HTTP/3 would bind its own listeners.
        services.RemoveAll<IMultiplexedConnectionListenerFactory>();
    }

    private static void ListenAnywhere(IServiceCollection services)
    {
        services.PostConfigure<HostFilteringOptions>(filter =>
            filter.AllowedHosts = [.. filter.AllowedHosts, .. LoopbackNames]
        );
        services.AddConnectionBounds<SocketTransportFactory>();
    }

    private static void AddEngine(WebApplicationBuilder builder, SiloSettings settings)
    {
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddGroupBuyStore(store =>
        {
            (store.Provider, store.ConnectionString) = (settings.Storage.Provider, settings.Storage.ConnectionString);
            foreach (var (range, connectionString) in settings.Storage.Slots)
                store.Slots[range] = connectionString;
        });
        if (settings.Ports.IsAnySandboxed())
            AddSandbox(builder.Services, settings);
        builder.Services.AddGroupBuyHttpPorts(settings.Ports);
        if (settings.Role == ProcessRole.Gateway)
        {
            builder.UseGateway(settings);
            return;
        }

        if (settings.Kafka is { } kafka)
            builder.Services.AddGroupBuyKafka(kafka);
        builder.UseOrleans(silo => silo.UseSettings(settings));
        builder.Services.AddSingleton<IReadiness, Readiness>();
    }

    private static void AddSandbox(IServiceCollection services, SiloSettings settings)
    {
        services.AddGroupBuySandbox();
        services.AddSingleton<IRetainedKind, RetainedSandboxCalls>();
    }

    // Headers can be added to the masked ones while the silo runs.
    private static void FollowMaskedHeaders(WebApplication app, SiloSettings settings) =>
        ChangeToken.OnChange(
            ((IConfigurationRoot)app.Configuration).GetReloadToken,
            () =>
                settings.Ports.MaskedHeaders.Change(
                    SettingsReader.Of(app.Configuration).Section("Logging").Bind<LoggingSettings>().MaskedHeaders
                )
        );

    private static void AddEdge(IServiceCollection services, SiloSettings settings)
    {
        services.AddSingleton(settings);
        services.AddSingleton(settings.Auth);
        services.AddSingleton(Options.Create(settings.Edge));
        services.AddSingleton<FailedKeyAttempts>();
        if (settings.Auth.Mode == AuthMode.Open)
            services.AddSingleton<IAuthenticator, OpenAuthenticator>();
        else
            services.AddSingleton<IAuthenticator, ApiKeyAuthenticator>();
        services.AddSingleton<IHttpContextFactory, RequestLineContextFactory>();
        services.AddSingleton<NextShare>(() => RandomNumberGenerator.GetInt32(int.MaxValue) / (double)int.MaxValue);
        services.AddSingleton<KnownGroups>();
        services.AddSingleton<GroupCalls>();
        services.AddSingleton<IdempotencyFilter>();
        services.AddSingleton<IRetainedKind, RetainedAnswers>();
        services.AddSingleton<EventMetrics>();
        services.AddSingleton<GroupFeeds>();
        services.AddSingleton<EventStream>();
        services.AddSingleton<Audit>();
        services.AddSingleton<TaskChanges>();
        services.AddPrometheus(settings.Cluster.Name);
        services.AddApiDescription();
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict;
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ContractJsonContext.Default);
            foreach (var converter in ContractJson.Options.Converters)
                json.SerializerOptions.Converters.Add(converter);
        });
    }

    private static void UsePipeline(WebApplication app, SiloSettings settings)
    {
        app.UsePageHeaders();
        if (settings.Auth.Mode != AuthMode.Open)
            app.UseHsts();
        app.UseConnectionBounds();
        app.UseProblemDetails();
        app.UseCrossOriginRule();
        app.UseStartPage();
        app.UseRequestPath();
        app.UseAccessRules();
        app.UseJsonBodies();
        app.UseDashboardRules();
        if (settings.Role == ProcessRole.Gateway)
            app.UseSiloRoutes();
        var api = app.MapGroup("").AddEndpointFilter<RouteGroupBuilder, AnswerBudget>().Refuses(503);
        api.MapGroups();
        api.MapOrders();
        api.MapVouchers();
        api.MapUsers();
        api.MapHistory();
        api.MapAdmin();
        api.MapSandbox();
        app.MapHealth();
        app.MapSession();
        app.MapTools();
    }
}
