namespace GroupBuyActors.Store;

/// <summary>The database itself: its schema, its clock, its health.</summary>
public interface IStoreHealth
{
    /// <summary>
    /// Brings the schema up to date; several silos may call it at once. Throws with one clear sentence where the
    /// database cannot be used (no access, read-only, multi-primary).
    /// </summary>
    Task MigrateAsync(CancellationToken cancellation);

    /// <summary>The database's clock in UTC, microseconds where it has them. SQLite: the system clock.</summary>
    Task<DateTimeOffset> NowAsync(CancellationToken cancellation);

    /// <summary>True where a small write can be made within the time the caller allows.</summary>
    Task<bool> CanWriteAsync(CancellationToken cancellation);
}
