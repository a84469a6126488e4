using GroupBuyActors.Background;
using GroupBuyActors.Hosting;
using GroupBuyActors.Membership;
using GroupBuyActors.Store;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Silo.Health;

/// <summary>
/// Whether this silo should be sent requests: it serves, its background services run, it activates groups, its timed
/// tasks fire, and the database takes a write.
/// </summary>
internal sealed class Readiness(
    ISiloGate gate,
    IStoreHealth store,
    TaskCanary tasks,
    ActivationCanary activations,
    BackgroundSupervisor background,
    IHostApplicationLifetime lifetime,
    TimeProvider time
)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim _one = new(1, 1);
    private volatile Tuple<long, string?>? _last;

    /// <summary>Null where ready; else one sentence why not. Probes within a second share one write.</summary>
    public async Task<string?> WhyNotAsync(CancellationToken cancellation)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            return "The silo is stopping.";
        if (gate.ClosedBecause is { } closed)
            return closed;
        if (background.FailingBecause is { } ended)
            return ended;
        if (tasks.SilentBecause is { } silent)
            return silent;
        if (activations.FailingBecause is { } failing)
            return failing;
        if (RememberedRequest(out var known))
            return known;
        await _one.WaitAsync(cancellation);
        try
        {
            if (RememberedRequest(out known))
                return known;
            var reason = await TryWriteAsync() ? null : "The database accepts no writes.";
            _last = Tuple.Create(time.GetTimestamp(), reason);
            return reason;
        }
        finally
        {
            _one.Release();
        }
    }

    private bool RememberedRequest(out string? reason)
    {
        var last = _last;
        reason = last?.Item2;
        return last is not null && time.GetElapsedTime(last.Item1) < Fresh;
    }

    private async Task<bool> TryWriteAsync()
    {
        using var limit = new CancellationTokenSource(WriteTimeout, time);
        try
        {
            return await store.CanWriteAsync(limit.Token).WaitAsync(limit.Token);
        }
        catch (Exception)
        {
            // Whatever is wrong with the database, it is not ready; the committer's log has the details.
            return false;
        }
    }
}
