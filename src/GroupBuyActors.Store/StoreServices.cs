using GroupBuyActors.Committing;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Committing.MySql;
using GroupBuyActors.Store.Committing.Sqlite;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Placement;
using GroupBuyActors.Store.Projections;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Store.Retention;
using GroupBuyActors.Store.Streams;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Store;

/// <summary>Registers the store's services.</summary>
public static class StoreServices
{
    /// <summary>
    /// Registers everything that uses the database, for the provider that the options choose. Nothing connects until it
    /// is called; call <see cref="IStoreHealth.MigrateAsync"/> first.
    /// </summary>
    public static IServiceCollection AddGroupBuyStore(
        this IServiceCollection services,
        Action<StoreOptions>? configure = null
    )
    {
        services
            .AddOptions<StoreOptions>()
            .Configure(options => configure?.Invoke(options))
            .Validate(
                options => !string.IsNullOrWhiteSpace(options.ConnectionString),
                "ConnectionStrings:GroupBuy must not be empty."
            );
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => provider.GetRequiredService<IOptions<StoreOptions>>().Value);
        AddDatabases(services);
        services.TryAddSingleton(provider => new OrleansDatabase(provider.GetRequiredService<Database>()));
        services.TryAddSingleton<IStoreHealth>(provider =>
            Choose<IStoreHealth>(
                provider,
                sqlite => new SqliteStoreHealth(
                    sqlite,
                    Time(provider),
                    provider.GetRequiredService<ILogger<SqliteStoreHealth>>()
                ),
                mySql => new MySqlStoreHealth(
                    mySql,
                    Time(provider),
                    provider.GetRequiredService<ILogger<MySqlStoreHealth>>()
                )
            )
        );
        services.TryAddSingleton<ICommitter>(provider =>
            Choose<ICommitter>(
                provider,
                _ => ActivatorUtilities.CreateInstance<SqliteCommitter>(provider),
                _ => ActivatorUtilities.CreateInstance<MySqlCommitter>(provider)
            )
        );
        services.TryAddSingleton<GrainStorageMaintenance>();
        services.TryAddSingleton<IStreams, StreamTable>();
        services.TryAddSingleton<IBlockedActorStore, BlockedActorTable>();
        services.TryAddSingleton<IActorReader, ActorReader>();
        services.TryAddSingleton<GroupQueries>();
        services.TryAddSingleton<BookReader>();
        services.TryAddSingleton<IProjections, ProjectionWriter>();
        services.TryAddSingleton<BookTotals>();
        services.TryAddSingleton<ITaskStore, TaskReader>();
        services.TryAddSingleton<ITaskOutcomes, TaskOutcomes>();
        services.TryAddSingleton<IPolicyStore, PolicyStore>();
        services.TryAddSingleton<OldRows>();
        services.TryAddSingleton<OldActors>();
        services.TryAddSingleton<OldJournals>();
        services.TryAddSingleton<Shards>();
        services.TryAddSingleton<LivenessPorts>();
        return services;
    }

    private static void AddDatabases(IServiceCollection services)
    {
        services.TryAddSingleton(provider =>
        {
            var options = provider.GetRequiredService<StoreOptions>();
            return new SqliteDatabase(options.ConnectionString, StoreOptions.ReadConnectionsMax);
        });
        services.TryAddSingleton(provider =>
        {
            var options = provider.GetRequiredService<StoreOptions>();
            return new MySqlDatabase(
                options.ConnectionString,
                StoreOptions.ReadConnectionsMax,
                MySqlDatabase.StatementTimeout
            );
        });
        services.TryAddSingleton<Database>(provider => Choose<Database>(provider, sqlite => sqlite, mySql => mySql));
    }

    private static T Choose<T>(
        IServiceProvider provider,
        Func<SqliteDatabase, T> sqlite,
        Func<MySqlDatabase, T> mySql
    ) =>
        provider.GetRequiredService<StoreOptions>().Provider == StoreProvider.Sqlite
            ? sqlite(provider.GetRequiredService<SqliteDatabase>())
            : mySql(provider.GetRequiredService<MySqlDatabase>());

    private static TimeProvider Time(IServiceProvider provider) => provider.GetRequiredService<TimeProvider>();
}
