using GroupBuyActors.Admin;

namespace GroupBuyActors.Client;

/// <summary>The silos of the cluster.</summary>
/// <param name="Silos">One entry a silo.</param>
public sealed record ClusterDocument(IReadOnlyList<SiloDocument> Silos);

/// <summary>A timed task as operators see it.</summary>
public sealed record TaskDocument
{
    /// <summary>The task's id.</summary>
    public required string TaskId { get; init; }

    /// <summary>Such as <c>order-close</c>.</summary>
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

    /// <summary>When an operator had it run again, or null.</summary>
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

/// <summary>A moment in the life of a task.</summary>
/// <param name="Time">When.</param>
/// <param name="What">What happened, as a sentence.</param>
public sealed record TaskMomentDocument(DateTimeOffset Time, string What);

/// <summary>Another time for a task.</summary>
/// <param name="ExecuteAt">When it is to run.</param>
public sealed record RescheduleDocument(DateTimeOffset ExecuteAt);

/// <summary>Another weight of a task's own.</summary>
/// <param name="Weight">−1,000 to 1,000, on top of its type's; where places are scarce, each is worth a second's head
/// start.</param>
public sealed record SetWeightDocument(int Weight);

/// <summary>Where to go on calling off many tasks.</summary>
/// <param name="After">The <c>next</c> of the answer before; left out at the start.</param>
public sealed record CancelTasksDocument(string? After = null);

/// <summary>How calling off one of several tasks went.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Outcome"><c>cancelled</c>, <c>running</c>, <c>done</c>, <c>needed</c> or <c>unknown</c>.</param>
public sealed record TaskOutcomeDocument(string TaskId, string Outcome);

/// <summary>A group's pending tasks beside what its state needs.</summary>
/// <param name="GroupId">The group.</param>
/// <param name="Sequence">The head that was looked at.</param>
/// <param name="Pending">Its pending tasks of all types.</param>
/// <param name="Holds">True where created = ended + live: nothing is missing, nothing left over, nothing comes too
/// late.</param>
/// <param name="Missing">Needed and not there.</param>
/// <param name="Unneeded">There and not needed.</param>
/// <param name="Late">Needed and there, at a later time than the group needs them.</param>
public sealed record TaskCheckDocument(
    GroupId GroupId,
    long Sequence,
    int Pending,
    bool Holds,
    IReadOnlyList<MissingTaskDocument> Missing,
    IReadOnlyList<string> Unneeded,
    IReadOnlyList<LateTaskDocument> Late
);

/// <summary>A task that is needed and not there.</summary>
/// <param name="TaskType">Such as <c>order-close</c>.</param>
/// <param name="Sequence">Of the event that scheduled it; 0 where it is not known.</param>
public sealed record MissingTaskDocument(string TaskType, long Sequence);

/// <summary>A needed task that comes too late.</summary>
/// <param name="TaskType">Such as <c>order-close</c>.</param>
/// <param name="TaskId">The task.</param>
/// <param name="NextAt">Its next try.</param>
/// <param name="NeededAt">When the group needs it.</param>
public sealed record LateTaskDocument(string TaskType, string TaskId, DateTimeOffset NextAt, DateTimeOffset NeededAt);

/// <summary>A schedule with its next firings.</summary>
/// <param name="Job">Names it.</param>
/// <param name="Expression">Cron.</param>
/// <param name="Zone">IANA.</param>
/// <param name="Spread">How far from the exact time a shard may fire.</param>
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

/// <summary>A type's policy as it is in force.</summary>
public sealed record PolicyDocument
{
    /// <summary>Such as <c>order-close</c>.</summary>
    public required string TaskType { get; init; }

    /// <summary>Grows with each change; 0 where nothing was changed while running.</summary>
    public required int Version { get; init; }

    /// <summary>Retries after the first try; null without end.</summary>
    public int? RetryCountMax { get; init; }

    /// <summary>The first exponential wait.</summary>
    public required TimeSpan BaseDelay { get; init; }

    /// <summary>No wait is longer.</summary>
    public required TimeSpan DelayMax { get; init; }

    /// <summary>Waits before the first retries, instead of exponential ones.</summary>
    public required IReadOnlyList<TimeSpan> FirstDelays { get; init; }

    /// <summary>A try that takes longer has failed.</summary>
    public required TimeSpan TryTimeout { get; init; }

    /// <summary>Tasks of this type that a silo runs at once.</summary>
    public required int Concurrency { get; init; }

    /// <summary>Past this a task is dropped as expired; null for never.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>How late a run may be; zero is strict.</summary>
    public required TimeSpan Lateness { get; init; }

    /// <summary>Order among due tasks: a weight is worth a head start of so many seconds.</summary>
    public required int Weight { get; init; }

    /// <summary>Due times of a herd are spread forward over this.</summary>
    public required TimeSpan SpreadWindow { get; init; }

    /// <summary>An alert is raised when this many retries have failed; null for never.</summary>
    public int? AlertAfter { get; init; }

    /// <summary>
    /// True where a group's state depends on tasks of this type: they never give up and cannot be called off by hand.
    /// </summary>
    public required bool Needed { get; init; }
}

/// <summary>A change of a type's policy; what is left out takes the type's default.</summary>
public sealed record PolicyChangeDocument
{
    /// <summary>Only where this version is in force; null whatever is.</summary>
    public int? Version { get; init; }

    /// <summary>0 to 1,000 retries after the first try.</summary>
    public int? RetryCountMax { get; init; }

    /// <summary>True for retries without end.</summary>
    public bool? RetryForever { get; init; }

    /// <summary>The first exponential wait.</summary>
    public TimeSpan? BaseDelay { get; init; }

    /// <summary>No wait is longer.</summary>
    public TimeSpan? DelayMax { get; init; }

    /// <summary><c>exponential</c>, <c>immediate</c> or <c>same-day-once</c>.</summary>
    public string? Backoff { get; init; }

    /// <summary>A try that takes longer has failed.</summary>
    public TimeSpan? TryTimeout { get; init; }

    /// <summary>Tasks of this type that a silo runs at once.</summary>
    public int? Concurrency { get; init; }

    /// <summary>Past this a task is dropped as expired.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>How late a run may be.</summary>
    public TimeSpan? Lateness { get; init; }

    /// <summary>Order among due tasks.</summary>
    public int? Weight { get; init; }

    /// <summary>Due times of a herd are spread forward over this.</summary>
    public TimeSpan? SpreadWindow { get; init; }

    /// <summary>An alert is raised when this many retries have failed.</summary>
    public int? AlertAfter { get; init; }
}

/// <summary>How many dead letters a redrive would take.</summary>
/// <param name="DryRun">Always true.</param>
/// <param name="Count">How many pass the filter.</param>
/// <param name="Complete">False where there are more than were counted.</param>
public sealed record RedriveCountDocument(bool DryRun, int Count, bool Complete);

/// <summary>How far a redrive is.</summary>
/// <param name="RedriveId">Names it.</param>
/// <param name="Status"><c>running</c>, <c>completed</c> or <c>stopped</c>.</param>
/// <param name="Total">Dead letters that passed the filter when it began.</param>
/// <param name="Done">Scheduled anew.</param>
/// <param name="Refused">Looked at and left.</param>
/// <param name="RatePerSecond">Dead letters a second.</param>
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

/// <summary>A group whose next event is refused outside.</summary>
/// <param name="GroupId">The group.</param>
/// <param name="Sequence">The event that is refused; later ones wait behind it.</param>
/// <param name="Reason">What was said.</param>
/// <param name="ParkedAt">Since when.</param>
public sealed record ParkedGroupDocument(GroupId GroupId, long Sequence, string Reason, DateTimeOffset ParkedAt);
