using GroupBuyActors.Activations;
using GroupBuyActors.Committing;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Hosting;

/// <summary>Whether this silo may answer.</summary>
internal interface ISiloGate
{
    /// <summary>
    /// Null while the silo serves, otherwise one sentence with the reason (starting, fence not confirmed, draining,
    /// fenced).
    /// </summary>
    string? ClosedBecause { get; }

    /// <summary>
    /// The same, but null while the silo drains, because it still answers calls that reach it.
    /// </summary>
    string? RefusalReason { get; }

    /// <summary>
    /// The same for what belongs to a shard: of several databases, that of the shard may be the only one that is away.
    /// </summary>
    string? RefusalReasonFor(ShardId shard) => RefusalReason;
}

/// <summary>
/// Whether this silo may answer. A silo that was suspended for a while may have been replaced and must not answer from
/// its memory, so it answers only while its fence was confirmed within a bound on the monotonic clock.
/// </summary>
internal sealed class SiloGate(ICommitter committer, TimeProvider time, IOptions<GrainsOptions> options)
    : ISiloGate,
        IActorGate,
        IDisposable
{
    private readonly CancellationTokenSource _draining = new();
    private volatile string? _closed = "The silo is starting.";
    private volatile bool _isLeaving;

    public string? ClosedBecause => RefusalReason ?? (IsDraining ? "The silo is draining." : null);

    /// <summary>
    /// Null while groups may answer, also while the silo drains, so that work in progress is finished.
    /// </summary>
    public string? RefusalReason => ReasonSince(committer.FenceConfirmedAt);

    /// <inheritdoc cref="ISiloGate.RefusalReasonFor"/>
    public string? RefusalReasonFor(ShardId shard) => ReasonSince(committer.FenceConfirmedFor(shard));

    /// <summary>True before <see cref="Open"/>, and once the silo has stopped or is fenced.</summary>
    public bool IsClosed => _closed is not null;

    /// <summary>
    /// Cancelled when the silo begins to stop: long polls end, so that their groups can be deactivated.
    /// </summary>
    public CancellationToken Draining => _draining.Token;

    /// <summary>True once <see cref="Leave"/>, <see cref="Drain"/> or <see cref="Close"/> was called.</summary>
    public bool IsDraining => _isLeaving || _draining.IsCancellationRequested;

    /// <summary>Opens the gate at the end of the start-up.</summary>
    public void Open() => _closed = null;

    /// <summary>
    /// The silo is not ready any more, because it will stop; its groups go on until each has moved to another silo.
    /// </summary>
    public void Leave() => _isLeaving = true;

    /// <summary>Begins to drain: commands in progress finish; only long polls and readiness are affected.</summary>
    public void Drain() => _draining.Cancel();

    /// <summary>Closes the gate, because the silo has stopped or is fenced.</summary>
    public void Close(string why)
    {
        _closed = why;
        _draining.Cancel();
    }

    public void Dispose() => _draining.Dispose();

    private string? ReasonSince(long confirmed) =>
        _closed
        ?? (
            confirmed != 0 && time.GetElapsedTime(confirmed) <= options.Value.FenceBound
                ? null
                : "The silo could not confirm in time that it is still a member of the cluster."
        );
}
