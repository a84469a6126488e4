namespace GroupBuyActors.Tasks;

/// <summary>
/// The clustered key of a task's row. It never changes while the task is due within the horizon.
/// </summary>
/// <param name="Shard">The shard of its actor.</param>
/// <param name="Due">When it is due; UTC, milliseconds.</param>
/// <param name="Id">See <see cref="TaskIds"/>.</param>
internal readonly record struct TaskKey(ShardId Shard, DateTimeOffset Due, string Id)
{
    /// <summary>
    /// The type of the task, or null if it is not known. Used for counting only; not a part of the key.
    /// </summary>
    public string? Type { get; init; }

    /// <summary>True for the key of the same row.</summary>
    public bool Equals(TaskKey other) => Shard == other.Shard && Due == other.Due && Id == other.Id;

    public override int GetHashCode() => HashCode.Combine(Shard, Due, Id);
}

/// <summary>
/// Something to be done at a time: stored with the change that caused it, completed once, retried by its policy.
/// </summary>
internal sealed record TimedTask
{
    public required TaskKey Key { get; init; }

    /// <summary>See <see cref="TaskType.Name"/>.</summary>
    public required string Type { get; init; }

    /// <summary>The actor in its id; null for a task of a shard.</summary>
    public ActorId? Actor { get; init; }

    /// <summary>The handler's input, as UTF-8 JSON.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>The next try, never before <see cref="TaskKey.Due"/>.</summary>
    public required DateTimeOffset NextAt { get; init; }

    /// <summary>The number of recorded tries.</summary>
    public int Attempts { get; init; }

    /// <summary>Optimistic version, from 1.</summary>
    public int Version { get; init; } = 1;

    /// <summary>W3C traceparent of what caused it, or null.</summary>
    public string? Trace { get; init; }

    /// <summary>Why the last try failed, at most 500 characters, or null.</summary>
    public string? LastError { get; init; }

    /// <summary>Its key with its type, for removal.</summary>
    public TaskKey Row => Key with { Type = Type };

    /// <summary>Its own weight, added to that of its type; −1,000 to 1,000.</summary>
    public int Weight { get; init; }

    /// <summary>
    /// When it was first due, if its row was moved since; its age is counted from then. Null means
    /// <see cref="TaskKey.Due"/>.
    /// </summary>
    public DateTimeOffset? FirstDue { get; init; }

    /// <summary>
    /// Why its row cannot be read, or null. Such a task is not run, and other tasks are not affected.
    /// </summary>
    public string? Fault { get; init; }

    /// <summary>The time since it was first due, however often its row was moved; zero before that time.</summary>
    public TimeSpan AgeAt(DateTimeOffset now) =>
        now - (FirstDue ?? Key.Due) is { Ticks: > 0 } age ? age : TimeSpan.Zero;

    /// <summary>The task moved to another due time. Its age is not reset.</summary>
    public TimedTask MovedTo(DateTimeOffset due) =>
        this with
        {
            Key = Key with { Due = due },
            NextAt = due,
            Version = Version + 1,
            FirstDue = FirstDue ?? Key.Due,
        };

    /// <summary>
    /// The task moved by an operator. A task that has not been tried is first due at the new time. One that was tried
    /// keeps its age, because otherwise repeated moves would prevent it from ever being given up.
    /// </summary>
    public TimedTask MovedByHand(DateTimeOffset due) =>
        Attempts == 0 ? MovedTo(due) with { FirstDue = null } : MovedTo(due);
}
