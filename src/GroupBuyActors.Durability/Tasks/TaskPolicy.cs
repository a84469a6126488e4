namespace GroupBuyActors.Tasks;

/// <summary>The policy of all tasks of one type.</summary>
internal sealed record TaskPolicy
{
    /// <summary>See <see cref="TaskType.Name"/>.</summary>
    public required string Type { get; init; }

    /// <summary>When a failed try is followed by another.</summary>
    public required RetryPolicy Retry { get; init; }

    /// <summary>
    /// How late a run may begin and still count as on time; zero means as exact as the machine allows.
    /// </summary>
    public TimeSpan Lateness { get; init; }

    /// <summary>
    /// The service that its runs wait for, which may be slow for seconds; null if they wait for actors and the store
    /// only.
    /// </summary>
    public string? Target { get; init; }

    /// <summary>
    /// True if an actor's state depends on the tasks: they are never given up and cannot be cancelled by an operator.
    /// </summary>
    public bool IsNeeded { get; init; }

    /// <summary>The time limit of one try.</summary>
    public TimeSpan TryTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Tasks of this type that one silo runs at the same time.</summary>
    public int Concurrency { get; init; } = 64;

    /// <summary>The order of due tasks: <c>priority = due − weight × bias</c>. A larger weight runs earlier.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>
    /// Tasks that are due at the same time are spread over this time after it; zero means that none is delayed.
    /// </summary>
    public TimeSpan SpreadWindow { get; init; }

    /// <summary>Grows with each change by an operator; 0 for the policy of the release or the configuration.</summary>
    public int Version { get; init; }
}
