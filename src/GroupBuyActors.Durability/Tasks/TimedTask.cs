namespace GroupBuyActors.Tasks;

/// <summary>
/// Where a task's row lies: the clustered key of the task table. It never changes while the task lives inside the
/// horizon.
/// </summary>
/// <param name="Shard">The shard of its actor.</param>
/// <param name="Due">When it is to run; UTC, milliseconds.</param>
/// <param name="Id">See <see cref="TaskIds"/>.</param>
internal readonly record struct TaskKey(ShardId Shard, DateTimeOffset Due, string Id)
{
    /// <summary>
    /// The type of the task that lies there, where whoever names it knows: for counting only, and no part of the key.
    /// </summary>
    public string? Type { get; init; }

    /// <summary>True for the same row.</summary>
    public bool Equals(TaskKey other) => Shard == other.Shard && Due == other.Due && Id == other.Id;

    /// <summary>Of the row.</summary>
    public override int GetHashCode() => HashCode.Combine(Shard, Due, Id);
}

/// <summary>
/// Something that must happen later: persisted with the change that caused it, run once, retried by policy.
/// </summary>
internal sealed record TimedTask
{
    /// <summary>Where its row lies.</summary>
    public required TaskKey Key { get; init; }

    /// <summary>Names its type.</summary>
    public required string Type { get; init; }

    /// <summary>The actor it is about, as its id says; null for a task of a shard.</summary>
    public ActorId? Actor { get; init; }

    /// <summary>What the handler needs, as UTF-8 JSON.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>The next try, never before <see cref="TaskKey.Due"/>.</summary>
    public required DateTimeOffset NextAt { get; init; }

    /// <summary>Tries that are recorded.</summary>
    public int Attempts { get; init; }

    /// <summary>Optimistic version, from 1.</summary>
    public int Version { get; init; } = 1;

    /// <summary>W3C traceparent of what caused it, or null.</summary>
    public string? Trace { get; init; }

    /// <summary>Why the last try failed, at most 500 characters, or null.</summary>
    public string? LastError { get; init; }

    /// <summary>Its row, named for removal.</summary>
    public TaskKey Row => Key with { Type = Type };

    /// <summary>Its own weight on top of its type's, −1,000 to 1,000.</summary>
    public int Weight { get; init; }

    /// <summary>
    /// When it was first to run, where its row has been moved since: from there its age counts. Null:
    /// <see cref="TaskKey.Due"/>.
    /// </summary>
    public DateTimeOffset? FirstDue { get; init; }

    /// <summary>
    /// What in its row cannot be understood, or null. Such a task is run by nobody, and keeps no other from running.
    /// </summary>
    public string? Fault { get; init; }

    /// <summary>How long ago it was first to run, however often its row was moved meanwhile; zero before.</summary>
    public TimeSpan AgeAt(DateTimeOffset now) =>
        now - (FirstDue ?? Key.Due) is { Ticks: > 0 } age ? age : TimeSpan.Zero;

    /// <summary>The task with another key in the table, to be tried then. Its age is not reset.</summary>
    public TimedTask MovedTo(DateTimeOffset due) =>
        this with
        {
            Key = Key with { Due = due },
            NextAt = due,
            Version = Version + 1,
            FirstDue = FirstDue ?? Key.Due,
        };

    /// <summary>
    /// The task at a time that a person gave it. Where it has not been tried yet, that is when it is first to run; one
    /// that was tried keeps its age, or moving it now and then would keep it from ever being given up.
    /// </summary>
    public TimedTask MovedByHand(DateTimeOffset due) =>
        Attempts == 0 ? MovedTo(due) with { FirstDue = null } : MovedTo(due);
}
