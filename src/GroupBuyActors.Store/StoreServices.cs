using GroupBuyActors.Committing;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Placement;
using GroupBuyActors.Store.Projections;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Store.Slots;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
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
                options => options.Slots.Count > 0 || !string.IsNullOrWhiteSpace(options.ConnectionString),
                "ConnectionStrings:GroupBuy must not be empty."
            )
            .Validate(
                options => options.Slots.Count == 0 || SlotRanges.Faults(options.Slots).Count == 0,
                "GroupBuy:Storage:Slots must have a connection string for each merchant slot."
            );
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => provider.GetRequiredService<IOptions<StoreOptions>>().Value);
        services.TryAddSingleton<SlotStores>();
        services.TryAddSingleton(provider => new OrleansDatabase(First(provider).Database));
        services.TryAddSingleton(provider => First(provider).Database);
        services.TryAddSingleton(provider => new GrainStorageMaintenance(First(provider).Database));
        services.TryAddSingleton(provider => First(provider).Policies);
        services.TryAddSingleton<IStoreHealth, SlotHealth>();
        services.TryAddSingleton(provider => new LivenessPorts(First(provider).Database));
        AddBySlot<ICommitter>(services, store => store.Committer, stores => new SlotCommitter(stores));
        AddBySlot<IStreams>(services, store => store.Streams, stores => new SlotStreams(stores));
        AddBySlot<IBlockedActorStore>(services, store => store.BlockedActors, stores => new SlotBlockedActors(stores));
        AddBySlot<IActorReader>(services, store => store.Reader, stores => new SlotActorReader(stores));
        AddBySlot<IGroupQueries>(services, store => store.Groups, stores => new SlotGroupQueries(stores));
        AddBySlot<IProjections>(services, store => store.Projections, stores => new SlotProjections(stores));
        AddBySlot<ITaskStore>(services, store => store.Tasks, stores => new SlotTaskStore(stores));
        AddBySlot<ITaskOutcomes>(services, store => store.Outcomes, stores => new SlotTaskOutcomes(stores));
        AddBySlot<IShards>(services, store => store.Shards, stores => new SlotShards(stores));
        return services;
    }

    private static SlotStore First(IServiceProvider provider) => provider.GetRequiredService<SlotStores>().First;

    /// <summary>A service of the only database as it is, or one that distributes to several.</summary>
    private static void AddBySlot<T>(
        IServiceCollection services,
        Func<SlotStore, T> ofSingle,
        Func<SlotStores, T> ofSeveral
    )
        where T : class =>
        services.TryAddSingleton(provider =>
            provider.GetRequiredService<SlotStores>() is { Single: null } several
                ? ofSeveral(several)
                : ofSingle(First(provider))
        );
}
