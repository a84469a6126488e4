namespace GroupBuyActors.Store.Slots;

/// <summary>All databases together: each is migrated; the first gives the time.</summary>
internal sealed class SlotHealth(SlotStores stores) : IStoreHealth
{
    /// <summary>Shorter than a probe waits for all databases.</summary>
    private static readonly TimeSpan WriteWithin = TimeSpan.FromSeconds(1);

    public async Task MigrateAsync(CancellationToken cancellation)
    {
        foreach (var store in stores.All)
            await store.Health.MigrateAsync(cancellation).ConfigureAwait(false);
        await new SlotTable(stores).CheckAsync(cancellation).ConfigureAwait(false);
    }

    // One clock for the whole cluster: that of the database which also has its members.
    public Task<DateTimeOffset> NowAsync(CancellationToken cancellation) => stores.First.Health.NowAsync(cancellation);

    public async Task<bool> CanWriteAsync(CancellationToken cancellation) =>
        (await ProbeAsync(cancellation).ConfigureAwait(false)).CanWrite;

    public async Task<(bool CanWrite, IReadOnlyList<string> ReadOnlySlots)> ProbeAsync(CancellationToken cancellation)
    {
        if (stores.Single is { } single)
            return (await single.Health.CanWriteAsync(cancellation).ConfigureAwait(false), []);
        // One that is frozen must not use up the caller's time, which would make all of them look like it.
        using var limit = stores.Limit(WriteWithin);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        var answers = await stores
            .AllAsync(async store =>
                (store.Range, CanWrite: await store.Health.CanWriteAsync(bound.Token).ConfigureAwait(false))
            )
            .ConfigureAwait(false);
        return (
            answers.Any(answer => answer.CanWrite),
            [.. answers.Where(answer => !answer.CanWrite).Select(answer => answer.Range.ToString())]
        );
    }
}
