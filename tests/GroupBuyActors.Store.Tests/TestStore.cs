using System.Data.Common;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Placement;
using GroupBuyActors.Store.Projections;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Store.Retention;
using GroupBuyActors.Store.Slots;
using GroupBuyActors.Store.Tasks;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Store.Tests;

/// <summary>A migrated store.</summary>
internal sealed class TestStore : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private TestStore(ServiceProvider services, string connectionString)
    {
        _services = services;
        ConnectionString = connectionString;
    }

    public string ConnectionString { get; }

    public SlotStores Stores => _services.GetRequiredService<SlotStores>();

    public Database Database => _services.GetRequiredService<Database>();

    public GrainStorageMaintenance StorageUpkeep => _services.GetRequiredService<GrainStorageMaintenance>();

    public IStoreHealth Health => _services.GetRequiredService<IStoreHealth>();

    public OrleansDatabase Orleans => _services.GetRequiredService<OrleansDatabase>();

    public IActorReader Groups => _services.GetRequiredService<IActorReader>();

    public IGroupQueries GroupQueries => _services.GetRequiredService<IGroupQueries>();

    public BookReader Books => Stores.First.Books;

    public IProjections Projections => _services.GetRequiredService<IProjections>();

    public ITaskStore Tasks => _services.GetRequiredService<ITaskStore>();

    public ITaskOutcomes Outcomes => _services.GetRequiredService<ITaskOutcomes>();

    public IPolicyStore Policies => _services.GetRequiredService<IPolicyStore>();

    public OldRows OldRows => Stores.First.OldRows;

    public OldActors OldActors => Stores.First.OldActors;

    public OldJournals OldJournals => Stores.First.OldJournals;

    public BookTotals Totals => Stores.First.Totals;

    public IShards Shards => _services.GetRequiredService<IShards>();

    public LivenessPorts LivenessPorts => _services.GetRequiredService<LivenessPorts>();

    public static TestStore Open(
        StoreProvider provider,
        string connectionString,
        params (string Range, string ConnectionString)[] slots
    )
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddGroupBuyStore(options =>
        {
            options.Provider = provider;
            options.ConnectionString = connectionString;
            foreach (var (range, ofRange) in slots)
                options.Slots.Add(range, ofRange);
        });
        return new TestStore(services.BuildServiceProvider(), connectionString);
    }

    public static async Task<TestStore> NewAsync(IDatabaseFixture fixture)
    {
        var store = Open(fixture.Provider, await fixture.NewDatabaseAsync());
        await store.Health.MigrateAsync(default);
        return store;
    }

    /// <summary>A migrated store in two databases, each with half of the merchant slots.</summary>
    public static async Task<TestStore> NewInTwoAsync(IDatabaseFixture fixture)
    {
        var (low, high) = (await fixture.NewDatabaseAsync(), await fixture.NewDatabaseAsync());
        var store = Open(fixture.Provider, low, ("0-63", low), ("64-127", high));
        await store.Health.MigrateAsync(default);
        store.Parts = [Open(fixture.Provider, low), Open(fixture.Provider, high)];
        return store;
    }

    /// <summary>Of a store in several databases, each by itself.</summary>
    public IReadOnlyList<TestStore> Parts { get; private set; } = [];

    /// <summary>The one of them that has a shard.</summary>
    public TestStore PartOf(ShardId shard) => Parts[Stores.All.ToList().IndexOf(Stores.Of(shard))];

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public Task ExecuteAsync(SqlText sql) => Database.WriteAsync(sql, default);

    public Task<long> NumberAsync(SqlText sql) =>
        Database.ReadAsync((session, ct) => session.NumberAsync(sql, -1, ct), default);

    /// <summary>
    /// How the server runs a statement on one table. MariaDB shows partitions only where asked, MySQL's default form is
    /// a tree.
    /// </summary>
    public Task<QueryPlan> PlanAsync(SqlText sql) =>
        Database.ReadAsync(
            async (session, ct) =>
            {
                var version = await session.ListAsync($"select version()", row => row.GetString(0), ct);
                Raw explain = new(
                    version[0].Contains("MariaDB", StringComparison.Ordinal)
                        ? "explain partitions"
                        : "explain format=traditional"
                );
                return (await session.ListAsync($"{explain} {sql}", QueryPlan.Read, ct)).Single();
            },
            default
        );

    public async ValueTask DisposeAsync()
    {
        foreach (var part in Parts)
            await part.DisposeAsync();
        await _services.DisposeAsync();
    }
}

/// <summary>What a server says of its way to the rows of one table.</summary>
internal sealed record QueryPlan(string Type, string? Key, string? Partitions, string? Extra)
{
    public static QueryPlan Read(DbDataReader row) =>
        new(
            row.GetString(row.GetOrdinal("type")),
            row.Text(row.GetOrdinal("key")),
            row.Text(row.GetOrdinal("partitions")),
            row.Text(row.GetOrdinal("Extra"))
        );
}
