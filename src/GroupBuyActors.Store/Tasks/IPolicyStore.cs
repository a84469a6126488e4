namespace GroupBuyActors.Store.Tasks;

/// <summary>What operators changed of a task type's policy.</summary>
/// <param name="Type">See <see cref="GroupBuyActors.Tasks.TaskType.Name"/>.</param>
/// <param name="Version">Optimistic version, from 1.</param>
/// <param name="ChangeJson">The change as UTF-8 JSON.</param>
/// <param name="ChangedAt">When.</param>
/// <param name="Caller">Who.</param>
internal sealed record StoredPolicy(
    string Type,
    int Version,
    ReadOnlyMemory<byte> ChangeJson,
    DateTimeOffset ChangedAt,
    string Caller
);

/// <summary>Overrides of task policies, one a type.</summary>
internal interface IPolicyStore
{
    /// <summary>All overrides, by type.</summary>
    Task<IReadOnlyList<StoredPolicy>> ReadAllAsync(CancellationToken cancellation);

    /// <summary>
    /// Writes a type's override where its version still is <paramref name="expectedVersion"/> (0: there is none yet).
    /// Gives the new version, or null where another was first.
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
