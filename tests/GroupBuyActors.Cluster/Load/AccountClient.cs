using System.Net;
using GroupBuyActors.TestActors;
using GroupBuyActors.Testing.Silos;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace GroupBuyActors.Cluster.Load;

/// <summary>
/// Accounts as a caller outside the cluster sees them, an Orleans client of the silos' gateways: it says the same thing
/// again, with the same request, until it is answered.
/// </summary>
internal sealed class AccountClient : IAsyncDisposable
{
    private const string Cluster = "groupbuy";
    private static readonly TimeSpan TryTime = TimeSpan.FromSeconds(2);

    // Longer than any series of kills: a call may meet every one of them.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly IHost _host;
    private readonly IClusterClient _grains;

    private AccountClient(IHost host) => (_host, _grains) = (host, host.Services.GetRequiredService<IClusterClient>());

    /// <summary>Connects to silos that are ready.</summary>
    public static async Task<AccountClient> ConnectAsync(TestedSystem system)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.UseOrleansClient(client =>
            client
                .UseStaticClustering([
                    .. system.Silos.Select(silo => new IPEndPoint(IPAddress.Loopback, silo.Settings.GatewayPort)),
                ])
                .Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (Cluster, Cluster))
                .Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = TryTime)
                // A silo is back soon, at the same gateway.
                .Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1))
                .Configure<ConnectionOptions>(connections => connections.OpenConnectionTimeout = TryTime)
        );
        var host = builder.Build();
        await host.StartAsync();
        return new AccountClient(host);
    }

    /// <summary>The balance after the deposit; null where it is refused.</summary>
    public Task<long?> DepositAsync(ActorId account, string request, long amount) =>
        UntilAnsweredAsync(account, grain => grain.Deposit(request, amount));

    public Task<long> ReadAsync(ActorId account) => UntilAnsweredAsync(account, grain => grain.Read());

    /// <summary>Lets the account leave the memory of its silo.</summary>
    public Task SleepAsync(ActorId account) =>
        UntilAnsweredAsync(
            account,
            async grain =>
            {
                await grain.Sleep();
                return true;
            }
        );

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private async Task<T> UntilAnsweredAsync<T>(ActorId account, Func<IAccount, Task<T>> call)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
            try
            {
                return await call(_grains.GetGrain<IAccount>(account.Key));
            }
            catch (Exception e)
                when (e is not DecisionFailedException && TimeProvider.System.GetElapsedTime(started) < Patience)
            {
                // Whatever else fails on the way tells nothing of the outcome.
                await Task.Delay(50);
            }
    }
}
