using GroupBuyActors.Reading;

namespace GroupBuyActors.Store.Slots;

/// <summary>Reads actors, each in the database of its merchant slot.</summary>
internal sealed class SlotActorReader(SlotStores stores) : IActorReader
{
    public Task<StoredActor> LoadAsync(ActorId actor, CancellationToken cancellation) =>
        stores.Of(actor).Reader.LoadAsync(actor, cancellation);

    public Task<long> HeadAsync(ActorId actor, CancellationToken cancellation) =>
        stores.Of(actor).Reader.HeadAsync(actor, cancellation);

    public Task<IReadOnlyList<JournalRow>> HistoryAsync(
        ActorId actor,
        long after,
        int limit,
        CancellationToken cancellation
    ) => stores.Of(actor).Reader.HistoryAsync(actor, after, limit, cancellation);

    public Task WriteSnapshotAsync(
        ActorId actor,
        long sequence,
        ReadOnlyMemory<byte> snapshot,
        CancellationToken cancellation
    ) => stores.Of(actor).Reader.WriteSnapshotAsync(actor, sequence, snapshot, cancellation);
}
