using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using MySqlConnector;
using Orleans.Configuration;
using Orleans.Serialization;

namespace GroupBuyActors.Client;

/// <summary>Registers the client that calls silos without HTTP.</summary>
public static class GroupBuyOrleansClientServices
{
    /// <summary>The time limit of one call in the runtime: above the long poll of 10 s and a port's 15 s.</summary>
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Adds an <see cref="IGroupBuyClient"/> that calls the actors themselves, for services that live beside the
    /// cluster. The host connects when it starts, waits until a silo can be reached, and connects again whenever silos
    /// have gone and come. Options are validated when the host starts.
    /// </summary>
    /// <remarks>
    /// Silos trust whoever can connect to their gateway port: do not expose it, and give it to no process that buyers
    /// or merchants control. Add it once to a host, which must not be a silo.
    /// </remarks>
    public static IServiceCollection AddGroupBuyOrleansClient(
        this IServiceCollection services,
        Action<GroupBuyOrleansClientOptions> configure
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<GroupBuyOrleansClientOptions>().Configure(configure).ValidateOnStart();
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<
                IValidateOptions<GroupBuyOrleansClientOptions>,
                GroupBuyOrleansClientOptionsCheck
            >()
        );
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IGroupBuyClient>(provider => new GroupBuyOrleansClient(
            provider.GetRequiredService<IGrainFactory>(),
            provider.GetRequiredService<IOptions<GroupBuyOrleansClientOptions>>().Value,
            provider.GetRequiredService<TimeProvider>()
        ));
        return services.AddOrleansClient(client => client.Connect(configure));
    }

    private static void Connect(this IClientBuilder client, Action<GroupBuyOrleansClientOptions> configure)
    {
        var options = new GroupBuyOrleansClientOptions();
        configure(options);
        if (options.Gateways.Count > 0)
            client.UseStaticClustering([.. options.Gateways]);
        else
            client.FindSilosIn(
                "MySql.Data.MySqlConnector",
                services => Source(services.GetRequiredService<IOptions<GroupBuyOrleansClientOptions>>().Value),
                options.GatewayRefreshInterval
            );
        client.ConnectAs(options.ClusterId, options.ServiceId);
    }

    /// <summary>Finds silos in the database that they share.</summary>
    internal static IClientBuilder FindSilosIn(
        this IClientBuilder client,
        string invariant,
        Func<IServiceProvider, System.Data.Common.DbDataSource> database,
        TimeSpan refreshInterval
    ) =>
        client
            .UseAdoNetClustering(clustering =>
                clustering.Configure<IServiceProvider>(
                    (adoNet, services) => (adoNet.Invariant, adoNet.DataSource) = (invariant, database(services))
                )
            )
            .Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = refreshInterval);

    /// <summary>What holds for every client of the silos.</summary>
    internal static IClientBuilder ConnectAs(this IClientBuilder client, string clusterId, string serviceId)
    {
        client.Services.AddSingleton<ClusterConnection>();
        client.Services.AddSingleton<IClientConnectionRetryFilter>(services =>
            services.GetRequiredService<ClusterConnection>()
        );
        client.Services.AddSingleton<IClusterConnectionStatusObserver>(services =>
            services.GetRequiredService<ClusterConnection>()
        );
        // A driver's exception, as the cause of ours, must not hide it from the caller.
        client.Services.Configure<ExceptionSerializationOptions>(static exceptions =>
            exceptions.SupportedExceptionTypeFilter = static _ => true
        );
        return client
            .AddActivityPropagation()
            .Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (clusterId, serviceId))
            .Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = ResponseTimeout)
            .Configure<ConnectionOptions>(connections => connections.OpenConnectionTimeout = TimeSpan.FromSeconds(2));
    }

    // A few connections, which are only used to read the list of silos.
    private static MySqlDataSource Source(GroupBuyOrleansClientOptions options)
    {
        var connection = new MySqlConnectionStringBuilder(options.ConnectionString ?? "") { MaximumPoolSize = 4 };
        return new MySqlDataSource(connection.ConnectionString);
    }
}
