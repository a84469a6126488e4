using GroupBuyActors.Reading;
using GroupBuyActors.Streams;

namespace GroupBuyActors.Store.Slots;

/// <summary>The streams of several databases; a stream's id tells which it is in.</summary>
internal sealed class SlotStreams(SlotStores stores) : IStreams
{
    public async Task<IReadOnlyList<StreamRow>> ListAsync(CancellationToken cancellation)
    {
        var lists = await stores
            .FromEachAsync(stores.All, (store, ct) => store.Streams.ListAsync(ct), cancellation)
            .ConfigureAwait(false);
        return [.. lists.SelectMany(list => list)];
    }

    // Those in one database are fenced, whatever becomes of the others.
    public Task FenceAsync(IReadOnlyCollection<long> streams, CancellationToken cancellation) =>
        Task.WhenAll(
            streams.GroupBy(stores.OfStream).Select(store => store.Key.Streams.FenceAsync([.. store], cancellation))
        );

    public Task<IReadOnlyList<JournalRow>> ReadAsync(
        long stream,
        long after,
        int limit,
        CancellationToken cancellation
    ) => Of(stream).ReadAsync(stream, after, limit, cancellation);

    public Task<long> EndAsync(long stream, CancellationToken cancellation) =>
        Of(stream).EndAsync(stream, cancellation);

    public Task<long> CursorAsync(long stream, string sink, CancellationToken cancellation) =>
        Of(stream).CursorAsync(stream, sink, cancellation);

    public Task<long?> UndrainedCursorAsync(long stream, string sink, CancellationToken cancellation) =>
        Of(stream).UndrainedCursorAsync(stream, sink, cancellation);

    public Task MoveCursorAsync(long stream, string sink, long position, CancellationToken cancellation) =>
        Of(stream).MoveCursorAsync(stream, sink, position, cancellation);

    public Task MarkDrainedAsync(long stream, CancellationToken cancellation) =>
        Of(stream).MarkDrainedAsync(stream, cancellation);

    public Task PurgeAsync(CancellationToken cancellation) =>
        stores.FromEachAsync(
            stores.All,
            async (store, ct) =>
            {
                await store.Streams.PurgeAsync(ct).ConfigureAwait(false);
                return true;
            },
            cancellation
        );

    private IStreams Of(long stream) => stores.OfStream(stream).Streams;
}
