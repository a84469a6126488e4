using System.Text.Json.Serialization;

namespace GroupBuyActors.Tasks;

/// <summary>How a task ended other than by an event of its actor.</summary>
internal enum TaskOutcomeStatus
{
    /// <summary>Its tries are used up: a dead letter.</summary>
    [JsonStringEnumMemberName("dead")]
    Dead,

    /// <summary>Its time to live ended before it could be run.</summary>
    [JsonStringEnumMemberName("expired")]
    Expired,

    /// <summary>Cancelled by an operator.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,

    /// <summary>Done, without an actor whose journal records it.</summary>
    [JsonStringEnumMemberName("success")]
    Success,
}

/// <summary>Identifies an outcome for ever: the same version of a task ends at most once a day.</summary>
/// <param name="Day">The day of the end, in days since 1970, UTC.</param>
/// <param name="TaskId">See <see cref="TaskIds"/>.</param>
/// <param name="Version">The task's version when it ended.</param>
internal readonly record struct TaskOutcomeKey(int Day, string TaskId, int Version);

/// <summary>
/// A task that ended other than by an event of its actor. It is kept for days, and operators can inspect and redrive
/// it.
/// </summary>
internal sealed record TaskOutcome
{
    private const long DayMs = 24 * 60 * 60 * 1000;

    /// <summary>See <see cref="TaskIds"/>.</summary>
    public required string TaskId { get; init; }

    /// <summary>When it ended; UTC, milliseconds.</summary>
    public required DateTimeOffset EndedAt { get; init; }

    /// <summary>How it ended.</summary>
    public required TaskOutcomeStatus Status { get; init; }

    /// <summary>See <see cref="TaskType.Name"/>.</summary>
    public required string Type { get; init; }

    /// <summary>The shard it was in.</summary>
    public required ShardId Shard { get; init; }

    /// <summary>The account that the task belonged to (<see cref="ActorId.Account"/>), or null.</summary>
    public long? Account { get; init; }

    /// <summary>The actor of the task; null for a task of a shard.</summary>
    public ActorId? Actor { get; init; }

    /// <summary>When it was to run; UTC, milliseconds.</summary>
    public required DateTimeOffset Due { get; init; }

    /// <summary>Tries, the last one included.</summary>
    public int Attempts { get; init; }

    /// <summary>
    /// Its version when it ended. A redrive continues from it, so that a second end is a row of its own.
    /// </summary>
    public int Version { get; init; } = 1;

    /// <summary>Its handler's input, as UTF-8 JSON.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>W3C traceparent of what caused it, or null.</summary>
    public string? Trace { get; init; }

    /// <summary>Why it ended so, at most 500 characters, or null.</summary>
    public string? Error { get; init; }

    /// <summary>
    /// When an operator redrove it, or null. Not written by commits.
    /// </summary>
    public DateTimeOffset? RedrivenAt { get; init; }

    /// <summary>
    /// When an operator dismissed it, because nothing more is to be done about it; or null. Not written by commits.
    /// </summary>
    public DateTimeOffset? DismissedAt { get; init; }

    public TaskOutcomeKey Key => new(DayOf(EndedAt), TaskId, Version);

    /// <summary>The day of an instant, in days since 1970, UTC.</summary>
    public static int DayOf(DateTimeOffset instant) =>
        (int)Math.Floor(instant.ToUnixTimeMilliseconds() / (double)DayMs);

    /// <summary>The outcome of a pending task, with the account of its actor, if it has one.</summary>
    public static TaskOutcome Of(TimedTask task, TaskOutcomeStatus status, DateTimeOffset endedAt, string? error) =>
        new()
        {
            TaskId = task.Key.Id,
            EndedAt = endedAt,
            Status = status,
            Type = task.Type,
            Shard = task.Key.Shard,
            Account = task.Actor?.Account,
            Actor = task.Actor,
            Due = task.Key.Due,
            Attempts = task.Attempts,
            Version = task.Version,
            Payload = task.Payload,
            Trace = task.Trace,
            Error = error,
        };
}
