using System.Globalization;
using System.Net;
using GroupBuyActors.Benchmarks.Harness;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace GroupBuyActors.Benchmarks.Joins;

/// <summary>The silo of the comparators, a process of its own as the engine's silo is.</summary>
internal static class ComparatorHost
{
    /// <summary>The verb.</summary>
    public const string Verb = "comparator-host";

    /// <summary>Its cluster: another than the engine's in the same database.</summary>
    public const string ClusterId = "groupbuy-bench";

    /// <summary>Starts the process and waits until it serves.</summary>
    public static Task<BenchProcess> StartAsync(
        BenchDatabase database,
        int siloPort,
        int gatewayPort,
        CancellationToken cancellation
    ) =>
        BenchProcess.StartAsync(
            Verb,
            [database.OrleansInvariant, Text(siloPort), Text(gatewayPort), database.ConnectionString],
            cancellation: cancellation
        );

    /// <summary>What the process does.</summary>
    public static async Task<int> RunAsync(string[] settings)
    {
        var (invariant, siloPort, gatewayPort, connection) = (
            settings[0],
            Port(settings[1]),
            Port(settings[2]),
            settings[3]
        );
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddSimpleConsole(options => options.SingleLine = true).SetMinimumLevel(LogLevel.Error);
        builder.UseOrleans(silo =>
            silo.UseLocalhostClustering(siloPort, gatewayPort, serviceId: ClusterId, clusterId: ClusterId)
                .Configure<EndpointOptions>(options => options.AdvertisedIPAddress = IPAddress.Loopback)
                .AddAdoNetGrainStorageAsDefault(options =>
                    (options.Invariant, options.ConnectionString) = (invariant, connection)
                )
                .UseAdoNetReminderService(options =>
                    (options.Invariant, options.ConnectionString) = (invariant, connection)
                )
        );
        using var host = builder.Build();
        await host.StartAsync();
        await BenchProcess.ServeAsync();
        await host.StopAsync();
        return 0;
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    private static int Port(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
