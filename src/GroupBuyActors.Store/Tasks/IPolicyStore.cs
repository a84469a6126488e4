namespace GroupBuyActors.Store.Tasks;

/// <summary>Operators' changes of a task type's policy.</summary>
/// <param name="Type">See <see cref="GroupBuyActors.Tasks.TaskType.Name"/>.</param>
/// <param name="Version">Optimistic version, from 1.</param>
/// <param name="ChangeJson">The change as UTF-8 JSON.</param> <param name="ChangedAt">The time of the change.</param>
/// <param name="Caller">The caller who made it.</param>
internal sealed record StoredPolicy(
    string Type,
    int Version,
    ReadOnlyMemory<byte> ChangeJson,
    DateTimeOffset ChangedAt,
    string Caller
);

/// <summary>Overrides of task policies, one per type.</summary>
internal interface IPolicyStore
{
    /// <summary>All overrides, by type.</summary>
    Task<IReadOnlyList<StoredPolicy>> ReadAllAsync(CancellationToken cancellation);

    /// <summary>
    /// Writes a type's override if its version is still <paramref name="expectedVersion"/> (0: there is none yet).
    /// Returns the new version, or null if another write was first.
    /// </summary>
    Task<int?> WriteAsync(
        string type,
        int expectedVersion,
        ReadOnlyMemory<byte> changeJson,
        DateTimeOffset at,
        string caller,
        CancellationToken cancellation
    );
}
