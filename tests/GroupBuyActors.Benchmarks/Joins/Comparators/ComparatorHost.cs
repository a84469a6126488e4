using System.Diagnostics;
using System.Globalization;
using System.Net;
using GroupBuyActors.Benchmarks.Harness;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace GroupBuyActors.Benchmarks.Joins;

/// <summary>
/// The silo of the comparators, a process of its own as the engine's silo is: this program again, with a verb that people need not
/// know. It ends when its standard input does, and so never outlives the benchmark.
/// </summary>
internal sealed class ComparatorHost : IAsyncDisposable
{
    /// <summary>The verb.</summary>
    public const string Verb = "comparator-host";

    /// <summary>Its cluster: another than the engine's in the same database.</summary>
    public const string ClusterId = "groupbuy-bench";

    private const string Ready = "ready";
    private readonly Process _process;

    private ComparatorHost(Process process) => _process = process;

    /// <summary>The process.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Starts the process and waits until it serves.</summary>
    public static async Task<ComparatorHost> StartAsync(BenchDatabase database, int siloPort, int gatewayPort, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var argument in (string[])["exec", typeof(ComparatorHost).Assembly.Location, Verb, database.OrleansInvariant, Text(siloPort), Text(gatewayPort), database.ConnectionString])
            start.ArgumentList.Add(argument);
        var process = Process.Start(start) ?? throw new InvalidOperationException("The comparators could not be started.");
        var host = new ComparatorHost(process);
        while (await process.StandardOutput.ReadLineAsync(cancellation) is { } line)
        {
            if (line == Ready) return host;
            Console.Error.WriteLine(line);
        }
        await host.DisposeAsync();
        throw new InvalidOperationException("The comparators ended before they served.");
    }

    /// <summary>What the process does.</summary>
    public static async Task<int> RunAsync(string[] settings)
    {
        var (invariant, siloPort, gatewayPort, connection) = (settings[0], Port(settings[1]), Port(settings[2]), settings[3]);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddSimpleConsole(options => options.SingleLine = true).SetMinimumLevel(LogLevel.Error);
        builder.UseOrleans(silo => silo
            .UseLocalhostClustering(siloPort, gatewayPort, serviceId: ClusterId, clusterId: ClusterId)
            .Configure<EndpointOptions>(options => options.AdvertisedIPAddress = IPAddress.Loopback)
            .AddAdoNetGrainStorageAsDefault(options => (options.Invariant, options.ConnectionString) = (invariant, connection))
            .UseAdoNetReminderService(options => (options.Invariant, options.ConnectionString) = (invariant, connection)));
        using var host = builder.Build();
        await host.StartAsync();
        Console.WriteLine(Ready);
        while (await Console.In.ReadLineAsync() is not null)
        {
            // Nothing is said to it; it waits for the end of its input.
        }
        await host.StopAsync();
        return 0;
    }

    /// <summary>Ends the process.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
            try
            {
                await _process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill();
            }
        }
        _process.Dispose();
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    private static int Port(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
