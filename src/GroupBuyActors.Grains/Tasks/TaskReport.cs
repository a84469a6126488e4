namespace GroupBuyActors.Tasks;

/// <summary>A timed task as operators see it; names as in the API.</summary>
internal sealed record TaskReport
{
    /// <summary>The task's id.</summary>
    public required string TaskId { get; init; }

    /// <summary>See <see cref="TaskType.Name"/>.</summary>
    public required string TaskType { get; init; }

    /// <summary>When it is to run.</summary>
    public required DateTimeOffset ExecuteAt { get; init; }

    /// <summary><c>pending, running, success, failed, cancelled, expired, dead</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Tries made that are recorded.</summary>
    public required int RetryCount { get; init; }

    /// <summary>Tries allowed; null without end.</summary>
    public int? MaxRetry { get; init; }

    /// <summary>Optimistic version.</summary>
    public required int Version { get; init; }

    /// <summary>Weight in the order among due tasks: its type's and its own.</summary>
    public int PriorityWeight { get; init; }

    /// <summary>Of it, its own.</summary>
    public int Weight { get; init; }

    /// <summary>How long after its due time it is still worth running; null for ever.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>Its shard.</summary>
    public required ShardId Shard { get; init; }

    /// <summary>The epoch of its shard's ownership, null where not known.</summary>
    public long? Epoch { get; init; }

    /// <summary>The group it is about, or null.</summary>
    public GroupId? GroupId { get; init; }

    /// <summary>The next try.</summary>
    public DateTimeOffset? NextAt { get; init; }

    /// <summary>W3C traceparent or null.</summary>
    public string? TraceContext { get; init; }

    /// <summary>Why the last try failed, or null.</summary>
    public string? LastError { get; init; }

    /// <summary>When it ended, or null.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When an operator had it run again, or null.</summary>
    public DateTimeOffset? RedrivenAt { get; init; }

    /// <summary>When an operator said that nothing more is to be done about it, or null.</summary>
    public DateTimeOffset? DismissedAt { get; init; }

    /// <summary>The slot name of the silo that owns its shard, or null; of one task only, not in lists.</summary>
    public string? Owner { get; init; }

    /// <summary>What it waits for, as a sentence; null where it waits for nothing. Of one task only.</summary>
    public string? WaitingFor { get; init; }

    /// <summary>What has happened to it, oldest first. Of one task only.</summary>
    public IReadOnlyList<TaskMoment> Timeline { get; init; } = [];
}

/// <summary>A moment in the life of a task.</summary>
/// <param name="Time">When.</param>
/// <param name="What">What happened, as a sentence.</param>
internal sealed record TaskMoment(DateTimeOffset Time, string What);
