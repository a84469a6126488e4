using GroupBuyActors.Silo.Http;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Silo.Connections;

/// <summary>
/// Keeps HTTP within its share of the descriptors that there are, and ends silent connections, once a second. What else is open is counted
/// anew each time, so that more silos or brokers leave HTTP less.
/// </summary>
internal sealed partial class ConnectionWatch(
    ConnectionPlaces places, ConnectionMetrics metrics, IOptions<EdgeOptions> options, TimeProvider time, ILogger<ConnectionWatch> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        Fit();
        metrics.Observe(places);
        if (Descriptors.Limit is < ConnectionShare.LimitLow and var limit) LimitLow(log, limit, ConnectionShare.LimitLow, places.Max);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Gives HTTP what the others leave.</summary>
    internal void Fit() =>
        places.Resize(ConnectionShare.Of(options.Value.ConnectionsMax, Descriptors.Limit, Math.Max(0, (Descriptors.Open ?? 0) - places.Count)));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            places.EndSilent();
            Fit();
        }
    }

    [LoggerMessage(7020, LogLevel.Warning, "This process may open {Limit} files and sockets only; {Wanted} or more are advised (ulimit -n, LimitNOFILE, --ulimit). HTTP takes {Places} connections at most, so that the store and the other silos have theirs.")]
    private static partial void LimitLow(ILogger log, int limit, int wanted, int places);
}
