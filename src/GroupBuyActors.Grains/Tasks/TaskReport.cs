namespace GroupBuyActors.Tasks;

/// <summary>The report of a timed task for operators; the names are those of the API.</summary>
internal sealed record TaskReport
{
    public required string TaskId { get; init; }

    /// <summary>See <see cref="TaskType.Name"/>.</summary>
    public required string TaskType { get; init; }

    /// <summary>When it is due.</summary>
    public required DateTimeOffset ExecuteAt { get; init; }

    /// <summary><c>pending, running, success, failed, cancelled, expired, dead</c>.</summary>
    public required string Status { get; init; }

    /// <summary>The number of recorded tries.</summary>
    public required int RetryCount { get; init; }

    /// <summary>The largest number of retries; null for no limit.</summary>
    public int? MaxRetry { get; init; }

    /// <summary>Optimistic version.</summary>
    public required int Version { get; init; }

    /// <summary>The sum of its type's weight and its own, which determines the order of due tasks.</summary>
    public int PriorityWeight { get; init; }

    /// <summary>Its own weight.</summary>
    public int Weight { get; init; }

    /// <summary>How long after its due time it expires; null for never.</summary>
    public TimeSpan? Ttl { get; init; }

    public required ShardId Shard { get; init; }

    /// <summary>The epoch of its shard's ownership; null if not known.</summary>
    public long? Epoch { get; init; }

    /// <summary>Its group, or null.</summary>
    public GroupId? GroupId { get; init; }

    /// <summary>The time of the next try.</summary>
    public DateTimeOffset? NextAt { get; init; }

    /// <summary>W3C traceparent or null.</summary>
    public string? TraceContext { get; init; }

    /// <summary>Why the last try failed, or null.</summary>
    public string? LastError { get; init; }

    /// <summary>When it ended, or null.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When an operator redrove it, or null.</summary>
    public DateTimeOffset? RedrivenAt { get; init; }

    /// <summary>When an operator dismissed it, or null.</summary>
    public DateTimeOffset? DismissedAt { get; init; }

    /// <summary>The slot name of the silo that owns its shard, or null. Not set in lists.</summary>
    public string? Owner { get; init; }

    /// <summary>What it waits for, as a sentence; null if it waits for nothing. Not set in lists.</summary>
    public string? WaitingFor { get; init; }

    /// <summary>What has happened to it, oldest first. Not set in lists.</summary>
    public IReadOnlyList<TaskMoment> Timeline { get; init; } = [];
}

/// <summary>An entry of a task's timeline.</summary>
/// <param name="Time">When.</param>
/// <param name="What">What happened, as a sentence.</param>
internal sealed record TaskMoment(DateTimeOffset Time, string What);
