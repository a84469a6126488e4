using GroupBuyActors.Committing;

namespace GroupBuyActors.CrashPoints;

/// <summary>
/// The committer of the silo, with a crash before or after the commit that carries an event of the point's type.
/// </summary>
internal sealed class CrashingCommitter(ICommitter inner, CrashPoint point) : ICommitter
{
    public int CommitBytesMax => inner.CommitBytesMax;

    public IReadOnlyList<long> Streams => inner.Streams;

    public long FenceConfirmedAt => inner.FenceConfirmedAt;

    public Task<string> Fenced => inner.Fenced;

    public Task StartAsync(SiloIdentity silo, CancellationToken cancellation) => inner.StartAsync(silo, cancellation);

    public CommitReservation? TryReserve(ShardId shard) => inner.TryReserve(shard);

    public void Subscribe(Action<CommittedBatch> subscriber) => inner.Subscribe(subscriber);

    public Task StopAsync(CancellationToken cancellation) => inner.StopAsync(cancellation);

    public Task<CommitResult> CommitAsync(CommitReservation reservation, Commit commit) =>
        commit.Events.Any(e => e.Type == point.Step)
            ? AtPointAsync(reservation, commit)
            : inner.CommitAsync(reservation, commit);

    private async Task<CommitResult> AtPointAsync(CommitReservation reservation, Commit commit)
    {
        point.Reach(CrashSide.Before, point.Step, commit.Actor?.Key);
        var result = await inner.CommitAsync(reservation, commit).ConfigureAwait(false);
        if (result.Status == CommitStatus.Committed)
            point.Reach(CrashSide.After, point.Step, commit.Actor?.Key);
        return result;
    }
}
