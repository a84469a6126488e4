using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Client;

/// <summary>
/// Connects to the cluster: the host's start waits until a silo can be reached, instead of failing, because a service
/// may be started before the silos are. Afterwards, the runtime reconnects by itself.
/// </summary>
internal sealed class ClusterConnection(
    IHostApplicationLifetime host,
    TimeProvider time,
    ILogger<ClusterConnection> log
) : IClientConnectionRetryFilter, IClusterConnectionStatusObserver
{
    private static readonly TimeSpan RetryWait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(10);
    private long? _loggedAt;

    /// <summary>The number of silos whose gateways can be reached; 0 before the first.</summary>
    public int Gateways { get; private set; }

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (_loggedAt is not { } loggedAt || time.GetElapsedTime(loggedAt) >= LogInterval)
        {
            _loggedAt = time.GetTimestamp();
            ClusterConnectionLog.NotConnected(log, exception);
        }

        await Task.Delay(RetryWait, time, cancellationToken);
        return true;
    }

    public void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool recovered)
    {
        Gateways = currentNumberOfGateways;
        if (currentNumberOfGateways > 0 && !host.ApplicationStopping.IsCancellationRequested)
            ClusterConnectionLog.Connected(log, currentNumberOfGateways);
    }

    public void NotifyClusterConnectionLost()
    {
        Gateways = 0;
        if (!host.ApplicationStopping.IsCancellationRequested)
            ClusterConnectionLog.Lost(log);
    }
}
