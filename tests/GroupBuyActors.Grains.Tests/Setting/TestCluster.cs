using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Ports;
using GroupBuyActors.Store;
using GroupBuyActors.Store.Placement;
using GroupBuyActors.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.TestingHost;

namespace GroupBuyActors.Setting;

/// <summary>Several silos in one process on a real MariaDB, by the real clock.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private readonly InProcessTestCluster _cluster;
    private readonly MariaDbServer _server;

    private TestCluster(InProcessTestCluster cluster, MariaDbServer server, ScriptedPorts ports) =>
        (_cluster, _server, Ports) = (cluster, server, ports);

    public ScriptedPorts Ports { get; }

    /// <summary>Before the second of two databases.</summary>
    public TcpFaultProxy? Proxy { get; private set; }

    public IReadOnlyList<InProcessSiloHandle> Silos => _cluster.Silos;

    public IClusterClient Client => _cluster.Client;

    public static async Task<TestCluster> StartAsync(
        short silos,
        Action<GrainsOptions>? configure = null,
        Action<IServiceCollection>? services = null
    )
    {
        var server = await MariaDbServer.StartAsync();
        var database = server.ConnectionString(await server.CreateDatabaseAsync());
        return await StartAsync(silos, configure, services, server, store => store.ConnectionString = database);
    }

    /// <summary>
    /// Silos with two databases, each with half of the merchant slots; that of the upper half is reached through
    /// <see cref="Proxy"/>.
    /// </summary>
    public static async Task<TestCluster> StartInTwoDatabasesAsync(short silos)
    {
        var server = await MariaDbServer.StartAsync();
        var proxy = TcpFaultProxy.Start(server);
        var low = server.ConnectionString(await server.CreateDatabaseAsync("low"));
        var high = server.ConnectionString(await server.CreateDatabaseAsync("high"), proxy.Port);
        var cluster = await StartAsync(
            silos,
            null,
            null,
            server,
            store => (store.Slots["0-63"], store.Slots["64-127"]) = (low, high)
        );
        cluster.Proxy = proxy;
        return cluster;
    }

    private static async Task<TestCluster> StartAsync(
        short silos,
        Action<GrainsOptions>? configure,
        Action<IServiceCollection>? services,
        MariaDbServer server,
        Action<StoreOptions> databases
    )
    {
        var ports = new ScriptedPorts();
        var builder = new InProcessTestClusterBuilder(silos);
        builder.Options.UseDistributedGrainDirectory = true;
        builder.ConfigureHost(host => host.Logging.SetMinimumLevel(LogLevel.Warning));
        builder.ConfigureSilo(
            (_, silo) =>
            {
                silo.Services.AddSingleton<IInventory>(ports)
                    .AddSingleton<IPayments>(ports)
                    .AddSingleton<INotices>(ports);
                silo.Services.AddGroupBuyStore(store =>
                {
                    store.Provider = StoreProvider.MySql;
                    databases(store);
                });
                silo.UseInMemoryReminderService();
                services?.Invoke(silo.Services);
                silo.UseGroupBuyActors(configure);
            }
        );
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new TestCluster(cluster, server, ports);
    }

    public T Get<T>(int silo)
        where T : notnull => Silos[silo].ServiceProvider.GetRequiredService<T>();

    /// <summary>Waits until every shard is owned by the silo it is at home on, and every silo knows it.</summary>
    public async Task SettledAsync()
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (!await IsSettledAsync())
        {
            if (bound.IsCancellationRequested)
                Assert.Fail(await DescribeAsync());
            await Task.Delay(50, CancellationToken.None);
        }
    }

    /// <summary>Ends a silo at once, and tells the others.</summary>
    public async Task KillAsync(InProcessSiloHandle silo)
    {
        await _cluster.KillSiloAsync(silo);
        await Get<IClusterMembershipService>(0).TryKill(silo.SiloAddress);
    }

    public async Task AddAsync()
    {
        await _cluster.StartAdditionalSiloAsync();
        await _cluster.WaitForLivenessToStabilizeAsync();
    }

    public Task StopAsync(InProcessSiloHandle silo) => _cluster.StopSiloAsync(silo);

    public async Task<SiloAddress?> WhereAsync(IAddressable grain) =>
        await Client.GetGrain<IManagementGrain>(0).GetActivationAddress(grain);

    /// <summary>Waits until every active actor is where it is at home.</summary>
    public async Task ActorsAtHomeAsync()
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (Silos.Sum(silo => silo.ServiceProvider.GetRequiredService<ActorMover>().MisplacedCount) > 0)
            await Task.Delay(20, bound.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
        if (Proxy is not null)
            await Proxy.DisposeAsync();
        await _server.DisposeAsync();
    }

    private async Task<string> DescribeAsync()
    {
        var owners = await Get<IShards>(0).ReadAsync(CancellationToken.None);
        var table = owners.GroupBy(row => row.OwnerSlot ?? "nobody").Select(owner => $"{owner.Key}={owner.Count()}");
        var silos = Silos.Select(silo =>
        {
            var shardMap = silo.ServiceProvider.GetRequiredService<ShardMap>();
            var atHome = owners.Count(row => silo.SiloAddress.Equals(shardMap.Of(row.Shard)));
            var members = silo
                .ServiceProvider.GetRequiredService<IClusterMembershipService>()
                .CurrentSnapshot.Members.Values;
            return $"{silo.Name}: owns {silo.ServiceProvider.GetRequiredService<OwnedShards>().Count}, "
                + $"is home of "
                + $"{atHome}, knows {string.Join('/', members)}";
        });
        return $"The table says {string.Join(", ", table)}. {string.Join("; ", silos)}.";
    }

    private async Task<bool> IsSettledAsync()
    {
        var owners = await Get<IShards>(0).ReadAsync(CancellationToken.None);
        var owned = Silos.Sum(silo => silo.ServiceProvider.GetRequiredService<OwnedShards>().Count);
        return owned == ShardId.Count
            && Silos.All(silo =>
            {
                var shardMap = silo.ServiceProvider.GetRequiredService<ShardMap>();
                return owners.All(row => row.OwnerAddress == shardMap.Of(row.Shard)?.ToParsableString());
            });
    }
}
