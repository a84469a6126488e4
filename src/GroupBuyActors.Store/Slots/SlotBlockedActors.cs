using GroupBuyActors.Reading;
using GroupBuyActors.Store.Streams;
using GroupBuyActors.Streams;

namespace GroupBuyActors.Store.Slots;

/// <summary>
/// The blocked actors of several databases. All streams in which an actor has events are in the database of its
/// merchant slot.
/// </summary>
internal sealed class SlotBlockedActors(SlotStores stores) : IBlockedActorStore
{
    private static readonly KeysetMerge<BlockedActorRow, string> ByActor = new(
        row => row.Actor.ToString(),
        token => BlockedActorTable.ReadParked(token) ?? "",
        BlockedActorTable.WriteParked,
        StringComparer.Ordinal
    );

    public Task<IReadOnlyList<BlockedActorRow>> ReadAsync(
        long stream,
        string sink,
        int limit,
        CancellationToken cancellation
    ) => Of(stream).ReadAsync(stream, sink, limit, cancellation);

    public Task<IReadOnlyList<BlockedActorRow>> ReadAsync(
        long stream,
        string sink,
        IReadOnlyCollection<ActorId> actors,
        CancellationToken cancellation
    ) => Of(stream).ReadAsync(stream, sink, actors, cancellation);

    public Task<long?> NextAsync(
        long stream,
        ActorId actor,
        long after,
        long position,
        CancellationToken cancellation
    ) => Of(stream).NextAsync(stream, actor, after, position, cancellation);

    public Task MoveCursorAsync(
        long stream,
        string sink,
        long position,
        IReadOnlyCollection<BlockedActorRow> rows,
        CancellationToken cancellation
    ) => Of(stream).MoveCursorAsync(stream, sink, position, rows, cancellation);

    public Task<bool> ReplaceAsync(
        long stream,
        string sink,
        long relayed,
        IReadOnlyCollection<(ActorId Actor, BlockedActorRow? After)> replaced,
        CancellationToken cancellation
    ) => Of(stream).ReplaceAsync(stream, sink, relayed, replaced, cancellation);

    public async Task<IReadOnlyList<EventPosition>> PositionsAsync(
        string sink,
        IReadOnlyCollection<(ActorId Actor, long Sequence)> events,
        CancellationToken cancellation
    )
    {
        var positions = await Task.WhenAll(
                events
                    .GroupBy(e => stores.Of(e.Actor))
                    .Select(store => store.Key.BlockedActors.PositionsAsync(sink, [.. store], cancellation))
            )
            .ConfigureAwait(false);
        return [.. positions.SelectMany(some => some)];
    }

    public async Task<IReadOnlyDictionary<long, long>> CursorsAsync(
        string sink,
        IReadOnlyCollection<long> streams,
        CancellationToken cancellation
    )
    {
        var cursors = await Task.WhenAll(
                streams
                    .GroupBy(stores.OfStream)
                    .Select(store => store.Key.BlockedActors.CursorsAsync(sink, [.. store], cancellation))
            )
            .ConfigureAwait(false);
        return cursors.SelectMany(some => some).ToDictionary();
    }

    public async Task<Page<BlockedActorRow>> ParkedAsync(
        string sink,
        string? after,
        int limit,
        CancellationToken cancellation
    ) =>
        ByActor.Page(
            await stores
                .AllAsync(store => store.BlockedActors.ParkedAsync(sink, after, limit, cancellation))
                .ConfigureAwait(false),
            limit
        );

    public Task<BlockedActorRow?> RetryAsync(string sink, ActorId actor, CancellationToken cancellation) =>
        stores.Of(actor).BlockedActors.RetryAsync(sink, actor, cancellation);

    public Task<BlockedActorRow?> SkipAsync(string sink, ActorId actor, CancellationToken cancellation) =>
        stores.Of(actor).BlockedActors.SkipAsync(sink, actor, cancellation);

    private IBlockedActorStore Of(long stream) => stores.OfStream(stream).BlockedActors;
}
