using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace GroupBuyActors.Benchmarks.Harness;

/// <summary>An Orleans client of one silo, over TCP.</summary>
internal sealed class OrleansConnection : IAsyncDisposable
{
    private readonly IHost _host;

    private OrleansConnection(IHost host)
    {
        _host = host;
        Grains = host.Services.GetRequiredService<IClusterClient>();
    }

    /// <summary>Makes references to grains.</summary>
    public IGrainFactory Grains { get; }

    /// <summary>Connects to the gateway on loopback.</summary>
    public static async Task<OrleansConnection> OpenAsync(
        int gatewayPort,
        string clusterId,
        CancellationToken cancellation
    )
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddConsole().SetMinimumLevel(LogLevel.Error);
        builder.UseOrleansClient(client =>
        {
            client.UseStaticClustering(new IPEndPoint(IPAddress.Loopback, gatewayPort));
            client.Configure<ClusterOptions>(options =>
            {
                options.ClusterId = clusterId;
                options.ServiceId = clusterId;
            });
            client.UseConnectionRetryFilter(
                async (_, token) =>
                {
                    await Task.Delay(100, token);
                    return true;
                }
            );
        });
        var host = builder.Build();
        await host.StartAsync(cancellation);
        return new(host);
    }

    /// <summary>Disconnects.</summary>
    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
