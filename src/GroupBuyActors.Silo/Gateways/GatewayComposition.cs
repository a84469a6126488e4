using GroupBuyActors.Client;
using GroupBuyActors.Hosting;
using GroupBuyActors.Silo.Health;
using GroupBuyActors.Silo.Hosting;
using GroupBuyActors.Store;
using Orleans.Dashboard;

namespace GroupBuyActors.Silo.Gateways;

/// <summary>
/// A process with <c>--role gateway</c>: the whole HTTP API without any grains, as an Orleans client that finds the
/// silos in their database. So HTTP can be scaled apart, and a silo that dies takes no caller's connection with it.
/// </summary>
internal static class GatewayComposition
{
    /// <summary>How often the silos are read from the database.</summary>
    private static readonly TimeSpan SilosReadInterval = TimeSpan.FromSeconds(2);

    public static void UseGateway(this WebApplicationBuilder builder, SiloSettings settings)
    {
        builder.UseOrleansClient(client =>
            client
                .FindSilosIn(
                    OrleansDatabase.MySqlInvariant,
                    services => services.GetRequiredService<OrleansDatabase>().DataSource,
                    SilosReadInterval
                )
                .ConnectAs(settings.Cluster.ClusterId, settings.Cluster.ServiceId)
                .AddDashboard(options => options.HideTrace = true)
        );
        builder.Services.AddGroupBuyGateway();
        builder.Services.AddSingleton<ISiloGate, GatewayGate>();
        builder.Services.AddSingleton<IReadiness, GatewayReadiness>();
        // HTTP answers probes, and says why it is not ready, while the client still looks for a silo.
        builder.Services.Configure<HostOptions>(host => host.ServicesStartConcurrently = true);
        // Services of silos are registered, because handlers of routes that are passed on name them, but never created.
        builder.Host.UseDefaultServiceProvider(static provider => provider.ValidateOnBuild = false);
    }
}

/// <summary>Calls are answered while a silo's gateway can be reached.</summary>
internal sealed class GatewayGate(ClusterConnection cluster) : ISiloGate
{
    public string? ClosedBecause => RefusalReason;

    public string? RefusalReason =>
        cluster.Gateways > 0
            ? null
            : "This gateway is connected to no silo at the moment. Send the same request again.";
}
