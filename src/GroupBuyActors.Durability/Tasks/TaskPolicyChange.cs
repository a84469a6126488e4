using System.Text.Json;
using System.Text.Json.Serialization;
using GroupBuyActors.Events;

namespace GroupBuyActors.Tasks;

/// <summary>How long a type's retries wait.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TaskBackoff>))]
public enum TaskBackoff
{
    /// <summary>Twice as long each time, from the base delay.</summary>
    [JsonStringEnumMemberName("exponential")]
    Exponential,

    /// <summary>
    /// No wait before a limited number of retries. If they are unlimited, only the first two have no wait, and the
    /// others are as <see cref="Exponential"/>, because they would run without a pause.
    /// </summary>
    [JsonStringEnumMemberName("immediate")]
    Immediate,

    /// <summary>One retry, half an hour later.</summary>
    [JsonStringEnumMemberName("same-day-once")]
    SameDayOnce,
}

/// <summary>
/// A change of a type's policy while running; null takes the type's default. What a needed type does when its tries are
/// used up cannot be changed, because an actor's state depends on it.
/// </summary>
public sealed record TaskPolicyChange
{
    private const int RetriesMax = 1_000,
        ConcurrencyMax = 10_000;
    private static readonly TimeSpan HalfAnHour = TimeSpan.FromMinutes(30),
        OneHour = TimeSpan.FromHours(1),
        OneDay = TimeSpan.FromDays(1),
        OneYear = TimeSpan.FromDays(365),
        TryTimeoutMin = TimeSpan.FromMilliseconds(10);

    /// <summary>Retries after the first try, 0 to 1,000.</summary>
    public int? RetryCountMax { get; init; }

    /// <summary>True for unlimited retries.</summary>
    public bool? RetryForever { get; init; }

    /// <summary>The first exponential wait; above zero, at most a day.</summary>
    public TimeSpan? BaseDelay { get; init; }

    /// <summary>No wait is longer; at most a day.</summary>
    public TimeSpan? DelayMax { get; init; }

    /// <summary>How long retries wait.</summary>
    public TaskBackoff? Backoff { get; init; }

    /// <summary>The time limit of one try; 10 ms to an hour.</summary>
    public TimeSpan? TryTimeout { get; init; }

    /// <summary>How many tasks of the type one silo runs at the same time, 1 to 10,000.</summary>
    public int? Concurrency { get; init; }

    /// <summary>
    /// A task is dropped as expired this long after it was first due; at most a year, and never for a needed type.
    /// </summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>
    /// How late a run may begin and still count as on time; zero means as exact as the machine allows, at most a day.
    /// </summary>
    public TimeSpan? Lateness { get; init; }

    /// <summary>The order of due tasks, −1,000 to 1,000; a larger weight runs earlier.</summary>
    public int? Weight { get; init; }

    /// <summary>
    /// Tasks that are due at the same time are spread over this time after it; at most an hour, and not longer than the
    /// lateness.
    /// </summary>
    public TimeSpan? SpreadWindow { get; init; }

    /// <summary>An alert is raised when this many retries have failed, 1 to 1,000.</summary>
    public int? AlertAfter { get; init; }

    /// <summary>
    /// Reads a stored change; throws <see cref="JsonException"/> if it is not one. A member that a newer release added
    /// is ignored, because what it changes does not exist here, and the rest of an operator's change must stay in force
    /// while releases run beside each other.
    /// </summary>
    public static TaskPolicyChange Read(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, TaskPolicyJson.Default.TaskPolicyChange)
        ?? throw new JsonException("A policy change must be a JSON object.");

    /// <summary>Writes it as UTF-8 JSON, without properties that are null.</summary>
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, TaskPolicyJson.Default.TaskPolicyChange);

    /// <summary>The faults by the JSON name of the field; empty if the change can be made.</summary>
    internal IReadOnlyDictionary<string, string[]> Faults(TaskPolicy of)
    {
        var faults = new SortedDictionary<string, string[]>(StringComparer.Ordinal);
        void Unless(bool holds, string field, string text)
        {
            if (!holds)
                faults.TryAdd(field, [text]);
        }

        Unless(
            RetryCountMax is null or (>= 0 and <= RetriesMax),
            "retryCountMax",
            $"retryCountMax must be between 0 and {RetriesMax}."
        );
        Unless(
            RetryCountMax is null || RetryForever is not true,
            "retryForever",
            "Set retryCountMax or retryForever, not both."
        );
        if (of is { IsNeeded: true, Retry.WhenUsedUp: not RetryDecision.DecideWithout })
        {
            Unless(
                RetryCountMax is null,
                "retryCountMax",
                "Actors depend on tasks of this type, so their retries cannot be limited."
            );
            Unless(
                RetryForever is not false,
                "retryForever",
                "Actors depend on tasks of this type, so their retries cannot be limited."
            );
        }

        Unless(
            !(of.Retry.WhenUsedUp == RetryDecision.DecideWithout && RetryForever is true),
            "retryForever",
            "Tasks of this type must decide without the answer in the end, so their retries must be limited."
        );
        Unless(
            RetryForever is not false || HasLimit(of.Retry),
            "retryForever",
            "Retries of this type have no other limit: set retryCountMax."
        );
        Unless(Backoff is not { } backoff || Enum.IsDefined(backoff), "backoff", "The backoff is unknown.");
        Unless(
            Backoff is not TaskBackoff.SameDayOnce || (RetryForever is not true && RetryCountMax is null or 1),
            "backoff",
            "same-day-once means one retry: it cannot be combined with another retryCountMax or with retryForever."
        );
        Unless(
            Backoff is not TaskBackoff.SameDayOnce || !of.IsNeeded,
            "backoff",
            "Actors depend on tasks of this type, so they must be retried more often than once a day."
        );
        Unless(
            IsWithin(BaseDelay, TimeSpan.FromMilliseconds(1), OneDay),
            "baseDelay",
            "The delay must be between 1 ms and 1 day."
        );
        Unless(
            IsWithin(DelayMax, TimeSpan.FromMilliseconds(1), OneDay),
            "delayMax",
            "The delay must be between 1 ms and 1 day."
        );
        Unless(
            (DelayMax ?? of.Retry.DelayMax) >= (BaseDelay ?? of.Retry.BaseDelay),
            DelayMax is null ? "baseDelay" : "delayMax",
            "delayMax must be at least baseDelay."
        );
        Unless(
            IsWithin(TryTimeout, TryTimeoutMin, OneHour),
            "tryTimeout",
            "The time limit of a try must be between 10 ms and 1 h."
        );
        Unless(
            Concurrency is null or (>= 1 and <= ConcurrencyMax),
            "concurrency",
            $"The concurrency must be between 1 and {ConcurrencyMax}."
        );
        Unless(
            TimeToLive is null || !of.IsNeeded,
            "timeToLive",
            "Actors depend on tasks of this type, so they cannot expire."
        );
        Unless(
            IsWithin(TimeToLive, TimeSpan.FromMilliseconds(1), OneYear),
            "timeToLive",
            "The time to live must be between 1 ms and 365 days."
        );
        Unless(IsWithin(Lateness, TimeSpan.Zero, OneDay), "lateness", "The lateness must be between 0 and 1 day.");
        Unless(
            Weight is null or (>= -TaskPriority.WeightMax and <= TaskPriority.WeightMax),
            "weight",
            $"The weight must be between −{TaskPriority.WeightMax} and {TaskPriority.WeightMax}."
        );
        Unless(
            IsWithin(SpreadWindow, TimeSpan.Zero, OneHour),
            "spreadWindow",
            "The spread window must be between 0 and 1 h."
        );
        Unless(
            (SpreadWindow ?? of.SpreadWindow) <= (Lateness ?? of.Lateness),
            SpreadWindow is null ? "lateness" : "spreadWindow",
            "The spread window must not be longer than the type's lateness."
        );
        Unless(
            AlertAfter is null or (>= 1 and <= RetriesMax),
            "alertAfter",
            $"alertAfter must be between 1 and {RetriesMax} retries."
        );
        return faults;
    }

    /// <summary>The changed policy. The change must have no <see cref="Faults"/>.</summary>
    internal TaskPolicy Apply(TaskPolicy defaults, int version)
    {
        var retry = defaults.Retry with
        {
            RetryCountMax = RetryForever is true ? null : RetryCountMax ?? defaults.Retry.RetryCountMax,
            AgeMax = RetryForever is true ? null : defaults.Retry.AgeMax,
            BaseDelay = BaseDelay ?? defaults.Retry.BaseDelay,
            DelayMax = DelayMax ?? defaults.Retry.DelayMax,
            TimeToLive = TimeToLive ?? defaults.Retry.TimeToLive,
            AlertAfter = AlertAfter ?? defaults.Retry.AlertAfter,
        };
        retry = Backoff switch
        {
            TaskBackoff.Exponential => retry with { FirstDelays = [] },
            TaskBackoff.Immediate => retry with
            {
                FirstDelays = Enumerable
                    .Repeat(TimeSpan.Zero, Math.Min(retry.RetryCountMax ?? 2, RetriesMax))
                    .ToArray(),
            },
            TaskBackoff.SameDayOnce => retry with { FirstDelays = [HalfAnHour], RetryCountMax = 1 },
            _ => retry,
        };
        return defaults with
        {
            Retry = retry,
            TryTimeout = TryTimeout ?? defaults.TryTimeout,
            Concurrency = Concurrency ?? defaults.Concurrency,
            Lateness = Lateness ?? defaults.Lateness,
            Weight = Weight ?? defaults.Weight,
            SpreadWindow = SpreadWindow ?? defaults.SpreadWindow,
            Version = version,
        };
    }

    private bool HasLimit(RetryPolicy retry) =>
        (RetryCountMax ?? retry.RetryCountMax) is not null
        || retry.AgeMax is not null
        || Backoff is TaskBackoff.SameDayOnce;

    private static bool IsWithin(TimeSpan? value, TimeSpan least, TimeSpan most) =>
        value is not { } given || (given >= least && given <= most);
}

/// <summary>Accepts backoffs by name only, because a number could be one that does not exist.</summary>
internal sealed class TaskBackoffConverter() : JsonStringEnumConverter<TaskBackoff>(null, allowIntegerValues: false);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
    AllowDuplicateProperties = false,
    Converters = [typeof(IsoDurationConverter), typeof(TaskBackoffConverter)]
)]
[JsonSerializable(typeof(TaskPolicyChange))]
internal sealed partial class TaskPolicyJson : JsonSerializerContext;
