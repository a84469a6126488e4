using GroupBuyActors.Background;
using GroupBuyActors.Silo.Http;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Silo.Connections;

/// <summary>
/// Once a second, adjusts the number of HTTP connections to the free descriptors and ends silent connections.
/// Descriptors that are open for something else are counted each time, so that more silos or brokers leave fewer for
/// HTTP.
/// </summary>
internal sealed class ConnectionWatch(
    ConnectionSlots slots,
    ConnectionMetrics metrics,
    IOptions<EdgeOptions> options,
    ILogger<ConnectionWatch> log
) : PeriodicService<int>, IHostedService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public override string Name => "connections";

    // Bounds connections until accepted work is finished.
    public override bool RunsUntilGroupsAreGone => true;

    /// <summary>Runs before the server listens; the supervisor starts the loop.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Fit();
        metrics.Observe(slots);
        if (Descriptors.Limit is < ConnectionShare.LimitLow and var limit)
            ConnectionLog.LimitLow(log, limit, ConnectionShare.LimitLow, slots.Max);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Returns the number of silent connections that it ended.</summary>
    public override Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        var ended = slots.EndSilent();
        Fit();
        return Task.FromResult(ended);
    }

    protected override TimeSpan PauseAfter(int result) => Interval;

    /// <summary>Adjusts the number of slots to the free descriptors; unchanged if they cannot be counted now.</summary>
    internal void Fit()
    {
        var open = Descriptors.Open;
        if (Descriptors.Limit is not null && open is null)
            return;
        slots.Resize(
            ConnectionShare.Of(options.Value.ConnectionsMax, Descriptors.Limit, Math.Max(0, (open ?? 0) - slots.Count))
        );
    }
}
