using System.Globalization;
using System.Net;
using GroupBuyActors.Benchmarks.Harness;
using GroupBuyActors.Committing;
using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Sandbox;
using GroupBuyActors.Store;
using GroupBuyActors.Tasks;
using GroupBuyActors.Testing.Silos;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace GroupBuyActors.Benchmarks.Tasks;

/// <summary>
/// The engine under test: a silo with everything of the Grains room in it, under the runtime settings of the real silo,
/// but with the handler of one type replaced and no HTTP edge.
/// </summary>
internal static class TaskHost
{
    /// <summary>The verb.</summary>
    public const string Verb = "task-host";

    private const string ClusterId = "groupbuy-tasks";

    /// <summary>Starts the process and waits until its shards are its own and their horizon is read.</summary>
    public static Task<BenchProcess> StartAsync(BenchDatabase database, CancellationToken cancellation)
    {
        var ports = LoopbackPorts.Draw(2);
        string[] settings =
        [
            Text(ports[0]),
            Text(ports[1]),
            Text(database.ServerProcessId),
            database.OrleansInvariant,
            database.ConnectionString,
        ];
        return BenchProcess.StartAsync(
            Verb,
            settings,
            Path.ChangeExtension(SiloBinary.Path, ".runtimeconfig.json"),
            cancellation
        );
    }

    /// <summary>What the process does.</summary>
    public static async Task<int> RunAsync(string[] settings)
    {
        var (siloPort, gatewayPort, server, invariant, connection) = (
            Number(settings[0]),
            Number(settings[1]),
            Number(settings[2]),
            settings[3],
            settings[4]
        );
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddSimpleConsole(options => options.SingleLine = true).SetMinimumLevel(LogLevel.Warning);
        // It tells of a start on a busy machine as of a deadlock.
        builder.Logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
        // Standard output is for answers.
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console =>
            console.LogToStandardErrorThreshold = LogLevel.Trace
        );
        builder.Services.AddGroupBuyStore(store =>
            (store.Provider, store.ConnectionString) = (StoreProvider.MySql, connection)
        );
        builder.Services.AddGroupBuySandbox();
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(siloPort, gatewayPort, serviceId: ClusterId, clusterId: ClusterId)
                .Configure<EndpointOptions>(options => options.AdvertisedIPAddress = IPAddress.Loopback)
                .Configure<SiloOptions>(options => options.SiloName = "bench")
                .UseAdoNetReminderService(options =>
                    (options.Invariant, options.ConnectionString) = (invariant, connection)
                )
                .UseGroupBuyActors();
            Replace(silo.Services);
        });
        using var host = builder.Build();
        await host.StartAsync();

        var services = host.Services;
        var scheduler = services.GetRequiredService<LocalTaskScheduler>();
        var owned = services.GetRequiredService<OwnedShards>();
        while (owned.Count < ShardId.Count)
            await Task.Delay(20);
        ProcessorMeter[] meters =
        [
            new("silo", Environment.ProcessId),
            .. server == 0 ? (ProcessorMeter[])[] : [new("database", server)],
        ];
        var parts = new TaskParts(
            services.GetRequiredService<ICommitter>(),
            scheduler,
            services.GetRequiredService<TaskDispatcher>(),
            services.GetRequiredService<FireBook>(),
            services.GetRequiredService<IdGenerator>(),
            services.GetRequiredService<IGrainFactory>(),
            services.GetRequiredService<WatchedCloses>(),
            TimeProvider.System,
            meters
        );
        await BenchProcess.ServeAsync<TaskQuestion, TaskAnswer>(parts.AnswerAsync);
        await host.StopAsync();
        return 0;
    }

    /// <summary>The policy stays: a silo runs as many of these tasks at once as of the real ones.</summary>
    private static void Replace(IServiceCollection services)
    {
        var closes = TaskRegistrations.All.Single(registration => registration.Type == OrderClose.Type);
        services.Remove(services.Single(service => service.ImplementationFactory == closes.Handler));
        services.AddSingleton<FireBook>();
        services.AddSingleton<RecordingHandler>();
        services.AddSingleton(provider =>
            ActivatorUtilities.CreateInstance<GroupTaskHandler>(provider, OrderClose.Type)
        );
        services.AddSingleton<Ports.IPayments, EmptyProvider>();
        services.AddSingleton<WatchedCloses>();
        services.AddSingleton<ITaskHandler>(provider => provider.GetRequiredService<WatchedCloses>());
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
