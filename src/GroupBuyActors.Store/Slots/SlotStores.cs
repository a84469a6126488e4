using GroupBuyActors.Store.Committing;
using GroupBuyActors.Store.Databases;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Store.Slots;

/// <summary>
/// All databases, in ascending order of their merchant slots; usually one that holds all. A shard, and with it its
/// actors, streams, tasks, lists and books, is in one of them. What belongs to no merchant is in the first.
/// </summary>
internal sealed class SlotStores : IAsyncDisposable
{
    /// <summary>How long a pass over all databases waits for one of them.</summary>
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);

    private readonly SlotStore[] _ofSlot = new SlotStore[ShardId.MerchantSlots];
    private readonly Lazy<CommitMetrics> _metrics = new(() => new CommitMetrics());
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    public SlotStores(StoreOptions options, TimeProvider time, ILoggerFactory logs)
    {
        (_time, _log) = (time, logs.CreateLogger<SlotStores>());
        var databases =
            options.Slots.Count == 0
                ? [(Range: SlotRange.All, options.ConnectionString)]
                : SlotRanges.InOrder(options.Slots);
        All =
        [
            .. databases.Select(database => new SlotStore(
                database.Range,
                database.ConnectionString,
                options,
                _metrics,
                time,
                logs
            )),
        ];
        foreach (var store in All)
            for (var slot = store.Range.First; slot <= store.Range.Last; slot++)
                _ofSlot[slot] = store;
    }

    public IReadOnlyList<SlotStore> All { get; }

    /// <summary>The database of the lowest slots.</summary>
    public SlotStore First => All[0];

    /// <summary>The only database; null if there are several.</summary>
    public SlotStore? Single => All.Count == 1 ? All[0] : null;

    public SlotStore Of(ShardId shard) => _ofSlot[shard.MerchantSlot];

    public SlotStore Of(ActorId actor) => Of(actor.Shard);

    public SlotStore OfMerchant(long merchantId) => OfSlot((int)(merchantId % ShardId.MerchantSlots));

    public SlotStore OfSlot(int slot) => _ofSlot[slot];

    /// <summary>The database of a stream: its lowest slot is the highest part of the id.</summary>
    public SlotStore OfStream(long stream) => _ofSlot[LaneWriter.SlotOf(stream)];

    /// <summary>
    /// Asks every database at the same time and returns the answers in order; throws if one of them fails. For lists
    /// and sums that would be wrong without it.
    /// </summary>
    public Task<T[]> AllAsync<T>(Func<SlotStore, Task<T>> ask) => Task.WhenAll(All.Select(ask));

    /// <summary>
    /// Does the same in every database; those that fail do not keep it from the others, and are reported at the end.
    /// </summary>
    public Task EachAsync(Func<SlotStore, Task> work) => Task.WhenAll(All.Select(work));

    /// <summary>
    /// Asks some databases at the same time and returns the answers of those that answer in time; throws only if none
    /// does. For work that is repeated, so that one database that is away stops only its slots.
    /// </summary>
    public async Task<IReadOnlyList<T>> FromEachAsync<T>(
        IEnumerable<SlotStore> stores,
        Func<SlotStore, CancellationToken, Task<T>> ask,
        CancellationToken cancellation
    )
    {
        var answers = await Task.WhenAll(stores.Select(store => TryAsync(store, ask, cancellation)))
            .ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        if (answers.Length > 0 && answers.All(answer => answer.Fault is not null))
            throw new StoreUnavailableException($"No database answers: {answers[0].Fault!.Message}");
        return [.. answers.Where(answer => answer.Fault is null).Select(answer => answer.Value!)];
    }

    /// <summary>Cancelled when one database was waited for long enough.</summary>
    public CancellationTokenSource AnswerLimit() => Limit(AnswerWithin);

    /// <summary>Cancelled after a time.</summary>
    public CancellationTokenSource Limit(TimeSpan within) => new(within, _time);

    public async ValueTask DisposeAsync()
    {
        foreach (var store in All)
            await store.DisposeAsync().ConfigureAwait(false);
        if (_metrics.IsValueCreated)
            _metrics.Value.Dispose();
    }

    private async Task<(T? Value, Exception? Fault)> TryAsync<T>(
        SlotStore store,
        Func<SlotStore, CancellationToken, Task<T>> ask,
        CancellationToken cancellation
    )
    {
        using var limit = AnswerLimit();
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            var answer = await ask(store, bound.Token).WaitAsync(bound.Token).ConfigureAwait(false);
            if (store.IsAway)
                DatabaseLog.AnswersAgain(_log, store.Range.ToString());
            store.IsAway = false;
            return (answer, null);
        }
        catch (Exception e) when (StoreFailure.IsOfTheDatabase(e))
        {
            if (!store.IsAway && !cancellation.IsCancellationRequested)
                DatabaseLog.DoesNotAnswer(_log, e, store.Range.ToString());
            store.IsAway = true;
            return (default, e);
        }
    }
}
