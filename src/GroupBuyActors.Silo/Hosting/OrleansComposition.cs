using System.Net;
using GroupBuyActors.Hosting;
using GroupBuyActors.Silo.Connections;
using GroupBuyActors.Store;
using Orleans.Configuration;
using Orleans.Dashboard;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>
/// Orleans for one silo. Embedded (SQLite): one silo, membership in memory. Cluster (MySQL): membership in the
/// database. Reminders (the groups' backstop) and grain storage (remembered answers of operators' calls) are Orleans'
/// ADO.NET providers on the same database in both; everything else is the store's.
/// </summary>
internal static class OrleansComposition
{
    public static void UseSettings(this ISiloBuilder silo, SiloSettings settings)
    {
        var cluster = settings.Cluster;
        if (settings.Storage.Provider == StoreProvider.Sqlite)
        {
            silo.UseLocalhostClustering(
                cluster.SiloPort,
                cluster.GatewayPort,
                null,
                cluster.ServiceId,
                cluster.ClusterId
            );
        }
        else
        {
            silo.Configure<ClusterOptions>(options =>
                (options.ClusterId, options.ServiceId) = (cluster.ClusterId, cluster.ServiceId)
            );
            silo.ConfigureEndpoints(
                cluster.AdvertisedAddress,
                cluster.SiloPort,
                cluster.GatewayPort,
                listenOnAnyHostAddress: !IPAddress.IsLoopback(cluster.AdvertisedAddress)
            );
            silo.UseAdoNetClustering(options =>
                options.Configure<OrleansDatabase>(
                    (adoNet, database) =>
                        (adoNet.Invariant, adoNet.DataSource) = (database.Invariant, database.DataSource)
                )
            );
        }

        PeerConnections.Bound(silo);
        silo.Configure<SiloOptions>(options => options.SiloName = cluster.Name);
        silo.UseAdoNetReminderService(options =>
            options.Configure<OrleansDatabase>(
                (adoNet, database) => (adoNet.Invariant, adoNet.DataSource) = (database.Invariant, database.DataSource)
            )
        );
        silo.AddAdoNetGrainStorageAsDefault(options =>
            options.Configure<OrleansDatabase>(
                (adoNet, database) => (adoNet.Invariant, adoNet.DataSource) = (database.Invariant, database.DataSource)
            )
        );
        UseMonotonicClocks(silo.Services);
        silo.AddActivityPropagation();
        // The dashboard's log view would show logs that callers of no role may read.
        silo.AddDashboard(options => options.HideTrace = true);
        silo.UseGroupBuyActors(options =>
        {
            options.Region = cluster.Region;
            if (settings.HasLivenessPort)
                options.Liveness = new IPEndPoint(cluster.ListenAddress, cluster.LivenessPort);
            options.Retention = settings.Retention;
            options.MoveBound = settings.ShutdownTimeout / 2;
            foreach (var (type, change) in settings.TaskPolicies)
                options.TaskPolicies[type] = change;
            foreach (var (job, change) in settings.Schedules)
                options.Schedules[job] = change;
        });
    }

    /// <summary>
    /// By default Orleans measures idle time, leases and expiries by the wall clock, and if that is set back, every
    /// activation fails until it has caught up. The times that silos exchange (to show that they are alive) are those
    /// of the cluster's clock, so that a machine with a wrong clock neither appears dead nor regards the others as
    /// dead.
    /// </summary>
    private static void UseMonotonicClocks(IServiceCollection services)
    {
        var steady = new MonotonicClock(TimeProvider.System);
        foreach (
            var own in new[]
            {
                TimeProviderNames.ActivationManagement,
                TimeProviderNames.GrainDirectory,
                TimeProviderNames.Messaging,
                TimeProviderNames.SystemTimers,
            }
        )
            services.AddKeyedSingleton<TimeProvider>(own, steady);
        services.AddKeyedSingleton<TimeProvider>(
            TimeProviderNames.Membership,
            (provider, _) => provider.GetRequiredService<ClusterClock>()
        );
    }
}
