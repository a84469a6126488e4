namespace GroupBuyActors.Tasks;

/// <summary>What holds for all tasks of one type.</summary>
internal sealed record TaskPolicy
{
    /// <summary>See <see cref="TaskType.Name"/>.</summary>
    public required string Type { get; init; }

    /// <summary>When a failed try is followed by another.</summary>
    public required RetryPolicy Retry { get; init; }

    /// <summary>
    /// How late a run may be and still be as promised; zero: strict, as exact as the machine allows.
    /// </summary>
    public TimeSpan Lateness { get; init; }

    /// <summary>
    /// Names the service that its runs wait for, which may be slow for seconds; null where they wait for actors and the
    /// store only.
    /// </summary>
    public string? Target { get; init; }

    /// <summary>True where an actor's state depends on it: it never gives up and cannot be cancelled by hand.</summary>
    public bool IsNeeded { get; init; }

    /// <summary>A try that takes longer has failed.</summary>
    public TimeSpan TryTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Tasks of this type that one silo runs at the same time.</summary>
    public int Concurrency { get; init; } = 64;

    /// <summary>Order among due tasks: <c>priority = due − weight × bias</c>; more is earlier.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Due times of a herd are spread forward over this; zero: none is.</summary>
    public TimeSpan SpreadWindow { get; init; }

    /// <summary>Grows with each change while running; 0: the release's, or the configuration's.</summary>
    public int Version { get; init; }
}
