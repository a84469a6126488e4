using GroupBuyActors.Reading;

namespace GroupBuyActors.CrashPoints;

/// <summary>What reads single actors, with a crash before or after it stores a snapshot.</summary>
internal sealed class CrashingReader(IActorReader inner, CrashPoint point) : IActorReader
{
    public Task<StoredActor> LoadAsync(ActorId actor, CancellationToken cancellation) =>
        inner.LoadAsync(actor, cancellation);

    public Task<long> HeadAsync(ActorId actor, CancellationToken cancellation) => inner.HeadAsync(actor, cancellation);

    public Task<IReadOnlyList<JournalRow>> HistoryAsync(
        ActorId actor,
        long after,
        int limit,
        CancellationToken cancellation
    ) => inner.HistoryAsync(actor, after, limit, cancellation);

    public async Task WriteSnapshotAsync(
        ActorId actor,
        long sequence,
        ReadOnlyMemory<byte> snapshot,
        CancellationToken cancellation
    )
    {
        point.Reach(CrashSide.Before, CrashPoint.Snapshot, actor.Key);
        await inner.WriteSnapshotAsync(actor, sequence, snapshot, cancellation).ConfigureAwait(false);
        point.Reach(CrashSide.After, CrashPoint.Snapshot, actor.Key);
    }
}
