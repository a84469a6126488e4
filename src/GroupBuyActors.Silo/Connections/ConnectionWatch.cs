using GroupBuyActors.Background;
using GroupBuyActors.Silo.Http;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Silo.Connections;

/// <summary>
/// Keeps HTTP within its share of the descriptors that there are, and ends silent connections, once a second. What else
/// is open is counted anew each time, so that more silos or brokers leave HTTP less.
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

    // Goes on to bound connections while what was begun is finished.
    public override bool RunsUntilGroupsAreGone => true;

    /// <summary>Before the server listens; the supervisor starts the rest.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Fit();
        metrics.Observe(slots);
        if (Descriptors.Limit is < ConnectionShare.LimitLow and var limit)
            ConnectionLog.LimitLow(log, limit, ConnectionShare.LimitLow, slots.Max);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Gives how many silent connections it has ended.</summary>
    public override Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        var ended = slots.EndSilent();
        Fit();
        return Task.FromResult(ended);
    }

    protected override TimeSpan PauseAfter(int result) => Interval;

    /// <summary>Gives HTTP what the others leave; where that cannot be counted now, what they left before.</summary>
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
