using GroupBuyActors.Silo.Http;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Silo.Connections;

/// <summary>
/// Keeps HTTP within its share of the descriptors that there are, and ends silent connections, once a second. What else
/// is open is counted anew each time, so that more silos or brokers leave HTTP less.
/// </summary>
internal sealed partial class ConnectionWatch(
    ConnectionPlaces places,
    ConnectionMetrics metrics,
    IOptions<EdgeOptions> options,
    TimeProvider time,
    ILogger<ConnectionWatch> log
) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        Fit();
        metrics.Observe(places);
        if (Descriptors.Limit is < ConnectionShare.LimitLow and var limit)
            LimitLow(log, limit, ConnectionShare.LimitLow, places.Max);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Gives HTTP what the others leave; where that cannot be counted now, what they left before.</summary>
    internal void Fit()
    {
        var open = Descriptors.Open;
        if (Descriptors.Limit is not null && open is null)
            return;
        places.Resize(
            ConnectionShare.Of(options.Value.ConnectionsMax, Descriptors.Limit, Math.Max(0, (open ?? 0) - places.Count))
        );
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                places.EndSilent();
                Fit();
            }
            catch (Exception e)
            {
                // The next second brings another look.
                NotLooked(log, e);
            }
        }
    }

    [LoggerMessage(
        7030,
        LogLevel.Warning,
        "This process may open only {Limit} files and sockets; {Wanted} or more are recommended (ulimit -n, LimitNOFILE, --ulimit). HTTP is limited to {Places} connections, so that enough remain for the database and other silos."
    )]
    private static partial void LimitLow(ILogger log, int limit, int wanted, int places);

    [LoggerMessage(7031, LogLevel.Warning, "Connection limits could not be updated; retrying in one second.")]
    private static partial void NotLooked(ILogger log, Exception exception);
}
