namespace GroupBuyActors.Store;

/// <summary>The database itself, or several: schema, clock, health.</summary>
public interface IStoreHealth
{
    /// <summary>
    /// Brings the schema up to date; several silos may call it at the same time. Throws
    /// <see cref="StoreUnusableException"/> if the database cannot be used (no access, read-only, several primaries).
    /// </summary>
    Task MigrateAsync(CancellationToken cancellation);

    /// <summary>The database's clock in UTC, with microseconds on MySQL. SQLite: the system clock.</summary>
    Task<DateTimeOffset> NowAsync(CancellationToken cancellation);

    /// <summary>
    /// True if a small write succeeds before the token is cancelled; of several databases, in one of them.
    /// </summary>
    Task<bool> CanWriteAsync(CancellationToken cancellation);

    /// <summary>
    /// The same, and of several databases the ranges of merchant slots of those in which the write does not succeed.
    /// </summary>
    async Task<(bool CanWrite, IReadOnlyList<string> ReadOnlySlots)> ProbeAsync(CancellationToken cancellation) =>
        (await CanWriteAsync(cancellation).ConfigureAwait(false), []);
}
