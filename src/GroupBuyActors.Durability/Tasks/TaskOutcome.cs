using System.Text.Json.Serialization;

namespace GroupBuyActors.Tasks;

/// <summary>How a task ended other than by an event of its actor.</summary>
internal enum TaskOutcomeStatus
{
    /// <summary>Its tries are used up: a dead letter.</summary>
    [JsonStringEnumMemberName("dead")]
    Dead,

    /// <summary>Past its time to live before it could be run.</summary>
    [JsonStringEnumMemberName("expired")]
    Expired,

    /// <summary>Cancelled by an operator.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,

    /// <summary>Done, without an actor whose journal would tell.</summary>
    [JsonStringEnumMemberName("success")]
    Success,
}

/// <summary>Names an ending for ever: the same version of a task ends once a day at most.</summary>
/// <param name="Day">Days since 1970 of its end; UTC.</param>
/// <param name="TaskId">See <see cref="TaskIds"/>.</param>
/// <param name="Version">The task's version when it ended.</param>
internal readonly record struct TaskOutcomeKey(int Day, string TaskId, int Version);

/// <summary>A task that ended other than by an event of its actor; kept for days, inspectable and redrivable.</summary>
internal sealed record TaskOutcome
{
    private const long DayMs = 24 * 60 * 60 * 1000;

    /// <summary>See <see cref="TaskIds"/>.</summary>
    public required string TaskId { get; init; }

    /// <summary>When it ended; UTC, milliseconds.</summary>
    public required DateTimeOffset EndedAt { get; init; }

    /// <summary>How it ended.</summary>
    public required TaskOutcomeStatus Status { get; init; }

    /// <summary>Names its type.</summary>
    public required string Type { get; init; }

    /// <summary>Where it lay.</summary>
    public required ShardId Shard { get; init; }

    /// <summary>Whose task it was: see <see cref="ActorId.Account"/>; null for none.</summary>
    public long? Account { get; init; }

    /// <summary>The actor it was about; null for a task of a shard.</summary>
    public ActorId? Actor { get; init; }

    /// <summary>When it was to run; UTC, milliseconds.</summary>
    public required DateTimeOffset Due { get; init; }

    /// <summary>Tries, the last one included.</summary>
    public int Attempts { get; init; }

    /// <summary>
    /// Its version when it ended. A redrive goes on from it, so that a second end is a row of its own.
    /// </summary>
    public int Version { get; init; } = 1;

    /// <summary>What its handler was given, as UTF-8 JSON.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>W3C traceparent of what caused it, or null.</summary>
    public string? Trace { get; init; }

    /// <summary>Why it ended so, at most 500 characters, or null.</summary>
    public string? Error { get; init; }

    /// <summary>
    /// When an operator had it run again, or null. Not written by commits.
    /// </summary>
    public DateTimeOffset? RedrivenAt { get; init; }

    /// <summary>
    /// When an operator said that nothing more is to be done about it, or null. Not written by
    /// commits.
    /// </summary>
    public DateTimeOffset? DismissedAt { get; init; }

    /// <summary>Names this ending.</summary>
    public TaskOutcomeKey Key => new(DayOf(EndedAt), TaskId, Version);

    /// <summary>Days since 1970 of an instant; UTC.</summary>
    public static int DayOf(DateTimeOffset instant) =>
        (int)Math.Floor(instant.ToUnixTimeMilliseconds() / (double)DayMs);

    /// <summary>The end of a pending task as it stands, of its actor's account where it has an actor.</summary>
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
