using GroupBuyActors.Store.Slots;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Retention;

/// <summary>Creates the kind of one database.</summary>
internal delegate IRetainedKind RetainedKindOf(SlotStore store);

/// <summary>
/// All kinds of rows that are removed: those of each database, so that one that is away delays no other, and those that
/// exist once.
/// </summary>
internal sealed record RetainedKinds(IReadOnlyList<IRetainedKind> All)
{
    public static RetainedKinds Of(IServiceProvider provider) =>
        new([
            .. provider
                .GetRequiredService<SlotStores>()
                .All.SelectMany(store => provider.GetServices<RetainedKindOf>().Select(of => of(store))),
            .. provider.GetServices<IRetainedKind>(),
        ]);

    /// <summary>Registers a kind of which each database has one.</summary>
    public static void AddPerDatabase<T>(IServiceCollection services)
        where T : IRetainedKind =>
        services.AddSingleton<RetainedKindOf>(provider =>
            store => ActivatorUtilities.CreateInstance<T>(provider, store)
        );
}
