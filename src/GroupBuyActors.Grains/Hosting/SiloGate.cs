using GroupBuyActors.Activations;
using GroupBuyActors.Committing;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Hosting;

/// <summary>Whether this silo may answer.</summary>
internal interface ISiloGate
{
    /// <summary>
    /// Null while the silo serves; else one sentence why not (starting, fence not confirmed, draining, fenced).
    /// </summary>
    string? ClosedBecause { get; }

    /// <summary>
    /// The same, but null while the silo drains and still answers what reaches it; else the store has not answered it
    /// lately.
    /// </summary>
    string? RefusalReason { get; }
}

/// <summary>
/// Whether this silo may answer. A silo that was frozen and thaws has been replaced meanwhile: it must not serve what
/// it remembers, so it answers only while its fence was confirmed within a bound on the monotonic clock.
/// </summary>
internal sealed class SiloGate(ICommitter committer, TimeProvider time, IOptions<GrainsOptions> options)
    : ISiloGate,
        IActorGate,
        IDisposable
{
    private readonly CancellationTokenSource _draining = new();
    private volatile string? _closed = "The silo is starting.";

    public string? ClosedBecause => RefusalReason ?? (IsDraining ? "The silo is draining." : null);

    /// <summary>
    /// Null while groups may answer: while the silo drains they do, so that what was begun is finished.
    /// </summary>
    public string? RefusalReason
    {
        get
        {
            if (_closed is { } why)
                return why;
            var confirmed = committer.FenceConfirmedAt;
            return confirmed != 0 && time.GetElapsedTime(confirmed) <= options.Value.FenceBound
                ? null
                : "The silo could not confirm in time that it is still a member of the cluster.";
        }
    }

    /// <summary>Cancelled when the silo begins to stop: long polls end, so that their groups can go.</summary>
    public CancellationToken Draining => _draining.Token;

    /// <summary>True once <see cref="Drain"/> or <see cref="Close"/> was called.</summary>
    public bool IsDraining => _draining.IsCancellationRequested;

    /// <summary>The start-up order is done.</summary>
    public void Open() => _closed = null;

    /// <summary>The silo stops: commands in progress finish, so only long polls and readiness hear of it.</summary>
    public void Drain() => _draining.Cancel();

    /// <summary>The silo has stopped, or is fenced.</summary>
    public void Close(string why)
    {
        _closed = why;
        _draining.Cancel();
    }

    public void Dispose() => _draining.Dispose();
}
