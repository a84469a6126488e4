using GroupBuyActors.Background;
using GroupBuyActors.Hosting;
using GroupBuyActors.Membership;
using GroupBuyActors.Store;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Silo.Health;

/// <summary>
/// Whether this silo should get requests: it serves, its background services run, it activates groups, its timed tasks
/// fire, and the database accepts a write. Of several databases one suffices: every silo has the same ones, so taking
/// silos out because of one would stop the merchants of all others.
/// </summary>
internal sealed class Readiness(
    ISiloGate gate,
    IStoreHealth store,
    TaskCanary tasks,
    ActivationCanary activations,
    BackgroundSupervisor background,
    IHostApplicationLifetime lifetime,
    TimeProvider time
) : IReadiness
{
    private static readonly TimeSpan CacheTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile Tuple<long, string?>? _last;
    private volatile IReadOnlyList<string> _readOnlySlots = [];

    /// <inheritdoc/>
    public IReadOnlyList<string> ReadOnlySlots => _readOnlySlots;

    /// <summary>See <see cref="IReadiness"/>. Probes within a second share one write.</summary>
    public async Task<string?> WhyNotAsync(CancellationToken cancellation)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            return "The silo is stopping.";
        if (gate.ClosedBecause is { } closed)
            return closed;
        if (background.FailingBecause is { } ended)
            return ended;
        if (tasks.FailingBecause is { } silent)
            return silent;
        if (activations.FailingBecause is { } failing)
            return failing;
        if (TryGetLast(out var known))
            return known;
        await _gate.WaitAsync(cancellation);
        try
        {
            if (TryGetLast(out known))
                return known;
            var reason = await TryWriteAsync() ? null : "The database accepts no writes.";
            _last = Tuple.Create(time.GetTimestamp(), reason);
            return reason;
        }
        finally
        {
            _gate.Release();
        }
    }

    private bool TryGetLast(out string? reason)
    {
        var last = _last;
        reason = last?.Item2;
        return last is not null && time.GetElapsedTime(last.Item1) < CacheTime;
    }

    private async Task<bool> TryWriteAsync()
    {
        using var limit = new CancellationTokenSource(WriteTimeout, time);
        try
        {
            (var canWrite, _readOnlySlots) = await store.ProbeAsync(limit.Token).WaitAsync(limit.Token);
            return canWrite;
        }
        catch (Exception)
        {
            // Any failure of the database means not ready; the committer logs the details.
            return false;
        }
    }
}
