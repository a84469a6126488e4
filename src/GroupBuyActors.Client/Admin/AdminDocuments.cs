using GroupBuyActors.Admin;

namespace GroupBuyActors.Client;

/// <summary>The silos of the cluster.</summary> <param name="Silos">One entry per silo.</param>
public sealed record ClusterDocument(IReadOnlyList<SiloDocument> Silos);

/// <summary>A timed task.</summary>
public sealed record TaskDocument
{
    /// <summary>The task's id.</summary>
    public required string TaskId { get; init; }

    /// <summary>Such as <c>order-close</c>.</summary>
    public required string TaskType { get; init; }

    /// <summary>When it is due.</summary>
    public required DateTimeOffset ExecuteAt { get; init; }

    /// <summary><c>pending, running, success, failed, cancelled, expired, dead</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Recorded tries.</summary>
    public required int RetryCount { get; init; }

    /// <summary>Allowed tries; null for no limit.</summary>
    public int? MaxRetry { get; init; }

    /// <summary>Optimistic version.</summary>
    public required int Version { get; init; }

    /// <summary>Weight in the order among due tasks: its type's and its own.</summary>
    public int PriorityWeight { get; init; }

    /// <summary>The task's own part of <see cref="PriorityWeight"/>.</summary>
    public int Weight { get; init; }

    /// <summary>The time after its due time until it expires; null if it does not.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>Its shard.</summary>
    public required ShardId Shard { get; init; }

    /// <summary>The epoch of its shard's ownership, or null.</summary>
    public long? Epoch { get; init; }

    /// <summary>The group it is about, or null.</summary>
    public GroupId? GroupId { get; init; }

    /// <summary>The next try.</summary>
    public DateTimeOffset? NextAt { get; init; }

    /// <summary>W3C traceparent, or null.</summary>
    public string? TraceContext { get; init; }

    /// <summary>Why the last try failed, or null.</summary>
    public string? LastError { get; init; }

    /// <summary>When it ended, or null.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When an operator redrove it, or null.</summary>
    public DateTimeOffset? RedrivenAt { get; init; }

    /// <summary>When an operator dismissed it, or null.</summary>
    public DateTimeOffset? DismissedAt { get; init; }

    /// <summary>The silo that owns its shard, or null; not in lists.</summary>
    public string? Owner { get; init; }

    /// <summary>What it waits for, as a sentence, or null; not in lists.</summary>
    public string? WaitingFor { get; init; }

    /// <summary>What has happened to it, oldest first; null in lists.</summary>
    public IReadOnlyList<TaskMomentDocument>? Story { get; init; }
}

/// <summary>An entry of a task's timeline.</summary> <param name="Time">When it happened.</param>
/// <param name="What">What happened, as a sentence.</param>
public sealed record TaskMomentDocument(DateTimeOffset Time, string What);

/// <summary>A new time for a task.</summary>
/// <param name="ExecuteAt">When it is to run.</param>
public sealed record RescheduleDocument(DateTimeOffset ExecuteAt);

/// <summary>A new own weight of a task.</summary> <param name="Weight">−1,000 to 1,000, added to its type's weight.
/// When tasks wait for slots, each unit counts like a due time that is one second earlier.</param>
public sealed record SetWeightDocument(int Weight);

/// <summary>Where to continue cancelling many tasks.</summary> <param name="After">The <c>next</c> of the previous
/// answer; null at the start.</param>
public sealed record CancelTasksDocument(string? After = null);

/// <summary>The outcome of cancelling one of several tasks.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Outcome"><c>cancelled</c>, <c>running</c>, <c>done</c>, <c>needed</c> or <c>unknown</c>.</param>
public sealed record TaskOutcomeDocument(string TaskId, string Outcome);

/// <summary>A group's pending tasks compared with those that its state needs.</summary>
/// <param name="GroupId">The group.</param> <param name="Sequence">The sequence of the state that was checked.</param>
/// <param name="Pending">Its pending tasks of all types.</param> <param name="Holds">True if created = ended + live: no
/// task is missing, unneeded or late.</param> <param name="Missing">Needed tasks that do not exist.</param>
/// <param name="Unneeded">The ids of tasks that are not needed.</param> <param name="Late">Needed tasks that are due
/// later than the group needs them.</param>
public sealed record TaskCheckDocument(
    GroupId GroupId,
    long Sequence,
    int Pending,
    bool Holds,
    IReadOnlyList<MissingTaskDocument> Missing,
    IReadOnlyList<string> Unneeded,
    IReadOnlyList<LateTaskDocument> Late
);

/// <summary>A needed task that does not exist.</summary>
/// <param name="TaskType">Such as <c>order-close</c>.</param> <param name="Sequence">The sequence of the event that
/// scheduled it; 0 if it is not known.</param>
public sealed record MissingTaskDocument(string TaskType, long Sequence);

/// <summary>A needed task that is due too late.</summary>
/// <param name="TaskType">Such as <c>order-close</c>.</param>
/// <param name="TaskId">The task.</param>
/// <param name="NextAt">Its next try.</param>
/// <param name="NeededAt">When the group needs it.</param>
public sealed record LateTaskDocument(string TaskType, string TaskId, DateTimeOffset NextAt, DateTimeOffset NeededAt);

/// <summary>A schedule with its next firings.</summary> <param name="Job">The schedule's name.</param>
/// <param name="Expression">The cron expression.</param> <param name="Zone">The IANA time zone.</param>
/// <param name="Spread">The largest delay of a shard's firing after the exact time.</param>
/// <param name="Misfire">What happens to missed firings: <c>once, skip, all, within</c>.</param>
/// <param name="Overlap">What happens to a firing while an earlier one runs: <c>skip, queue-one, allow</c>.</param>
/// <param name="Next">The next exact times.</param>
public sealed record ScheduleDocument(
    string Job,
    string Expression,
    string Zone,
    TimeSpan Spread,
    string Misfire,
    string Overlap,
    IReadOnlyList<DateTimeOffset> Next
);

/// <summary>The policy of a task type that is in force.</summary>
public sealed record PolicyDocument
{
    /// <summary>Such as <c>order-close</c>.</summary>
    public required string TaskType { get; init; }

    /// <summary>Grows with each change; 0 if it was never changed while running.</summary>
    public required int Version { get; init; }

    /// <summary>Retries after the first try; null for no limit.</summary>
    public int? RetryCountMax { get; init; }

    /// <summary>The first exponential wait.</summary>
    public required TimeSpan BaseDelay { get; init; }

    /// <summary>The longest wait.</summary>
    public required TimeSpan DelayMax { get; init; }

    /// <summary>Waits before the first retries, instead of exponential ones.</summary>
    public required IReadOnlyList<TimeSpan> FirstDelays { get; init; }

    /// <summary>The time-out of one try.</summary>
    public required TimeSpan TryTimeout { get; init; }

    /// <summary>Tasks of this type that a silo runs concurrently.</summary>
    public required int Concurrency { get; init; }

    /// <summary>The time after its due time until a task expires; null if it does not.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>How late a run may be; zero means as exact as possible.</summary>
    public required TimeSpan Lateness { get; init; }

    /// <summary>The order among due tasks: a weight counts like a due time that is this many seconds earlier.</summary>
    public required int Weight { get; init; }

    /// <summary>Equal due times of many tasks are delayed by up to this.</summary>
    public required TimeSpan SpreadWindow { get; init; }

    /// <summary>An alert is raised when this many retries have failed; null for never.</summary>
    public int? AlertAfter { get; init; }

    /// <summary>
    /// True if a group's state depends on tasks of this type: they are retried without end and cannot be cancelled.
    /// </summary>
    public required bool Needed { get; init; }
}

/// <summary>A change of a task type's policy; omitted properties take the type's defaults.</summary>
public sealed record PolicyChangeDocument
{
    /// <summary>Change only if this version is in force; null: in any case.</summary>
    public int? Version { get; init; }

    /// <summary>0 to 1,000 retries after the first try.</summary>
    public int? RetryCountMax { get; init; }

    /// <summary>True for retries without end.</summary>
    public bool? RetryForever { get; init; }

    /// <summary>The first exponential wait.</summary>
    public TimeSpan? BaseDelay { get; init; }

    /// <summary>The longest wait.</summary>
    public TimeSpan? DelayMax { get; init; }

    /// <summary><c>exponential</c>, <c>immediate</c> or <c>same-day-once</c>.</summary>
    public string? Backoff { get; init; }

    /// <summary>The time-out of one try.</summary>
    public TimeSpan? TryTimeout { get; init; }

    /// <summary>Tasks of this type that a silo runs concurrently.</summary>
    public int? Concurrency { get; init; }

    /// <summary>The time after its due time until a task expires.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>How late a run may be.</summary>
    public TimeSpan? Lateness { get; init; }

    /// <summary>Order among due tasks.</summary>
    public int? Weight { get; init; }

    /// <summary>Equal due times of many tasks are delayed by up to this.</summary>
    public TimeSpan? SpreadWindow { get; init; }

    /// <summary>An alert is raised when this many retries have failed.</summary>
    public int? AlertAfter { get; init; }
}

/// <summary>How many dead letters a redrive would take.</summary>
/// <param name="DryRun">Always true.</param> <param name="Count">The number that match the filter.</param>
/// <param name="Complete">False if there are more than were counted.</param>
public sealed record RedriveCountDocument(bool DryRun, int Count, bool Complete);

/// <summary>The progress of a redrive.</summary> <param name="RedriveId">The redrive's id.</param>
/// <param name="Status"><c>running</c>, <c>completed</c> or <c>stopped</c>.</param> <param name="Total">Dead letters
/// that matched the filter when it began.</param> <param name="Done">Dead letters scheduled again.</param>
/// <param name="Refused">Dead letters that could not be redriven.</param> <param name="RatePerSecond">Dead letters per
/// second.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="EndedAt">When it ended, or null.</param>
public sealed record RedriveDocument(
    string RedriveId,
    string Status,
    int Total,
    int Done,
    int Refused,
    int RatePerSecond,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt
);

/// <summary>A group whose next event was rejected by the event publisher.</summary>
/// <param name="GroupId">The group.</param> <param name="Sequence">The rejected event; later ones wait for it.</param>
/// <param name="Reason">The reason of the rejection.</param> <param name="ParkedAt">When it was rejected.</param>
public sealed record ParkedGroupDocument(GroupId GroupId, long Sequence, string Reason, DateTimeOffset ParkedAt);
