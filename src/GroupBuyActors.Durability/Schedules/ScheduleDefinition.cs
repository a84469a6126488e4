using System.Buffers;
using System.Text.Json;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Schedules;

/// <summary>In which shards a schedule fires.</summary>
internal enum ScheduleScope
{
    /// <summary>In each shard: 2,048 firings each time.</summary>
    EveryShard,

    /// <summary>In the shards of the first region slot: 128 firings each time.</summary>
    FirstRegionSlot,

    /// <summary>In the first shard: one firing each time.</summary>
    OneShard,
}

/// <summary>
/// The definition of a schedule, which fires tasks of a type in shards at the times of its timing. A task type may have
/// any number of schedules, each with its own name, timing, rules and payload.
/// </summary>
/// <param name="Name">Identifies the schedule, and begins the ids of its firings.</param>
/// <param name="TaskType">See <see cref="TaskType.Name"/>.</param>
/// <param name="Timing">When it fires.</param>
/// <param name="Spread">How far from the exact time a shard may fire; at most 6 h.</param>
/// <param name="Rules">For missed and overlapping firings.</param>
/// <param name="Scope">The shards in which it fires.</param>
internal sealed record ScheduleDefinition(
    string Name,
    string TaskType,
    ScheduleTiming Timing,
    TimeSpan Spread,
    ScheduleRules Rules,
    ScheduleScope Scope = ScheduleScope.EveryShard
)
{
    /// <summary>Limited so that the id of a firing can be stored.</summary>
    public const int NameLengthMax = 64;

    /// <summary>In bytes; limited because it is stored with every firing.</summary>
    public const int PayloadMax = 4_096;

    private static readonly TimeSpan SpreadMax = TimeSpan.FromHours(6);

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyz0123456789-"
    );

    /// <summary>
    /// The input of the handler besides the time (<c>firing</c>): a JSON object, or empty for none.
    /// </summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>True if it fires in the shard.</summary>
    public bool RunsIn(ShardId shard) =>
        Scope switch
        {
            ScheduleScope.EveryShard => true,
            ScheduleScope.FirstRegionSlot => shard.RegionSlot == 0,
            _ => shard.Index == 0,
        };

    /// <summary>The faults by the name of the setting; empty if there are none.</summary>
    public IReadOnlyDictionary<string, string> Faults()
    {
        var faults = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (Name.Length is 0 or > NameLengthMax || Name.AsSpan().IndexOfAnyExcept(NameCharacters) >= 0)
            faults[nameof(Name)] =
                $"The name of a schedule must be 1 to {NameLengthMax} lower-case letters, digits and hyphens.";
        foreach (var (setting, fault) in Timing.Faults())
            faults[setting] = fault;
        if (Spread < TimeSpan.Zero || Spread > SpreadMax)
            faults[nameof(Spread)] = $"The spread must be between 0 and {SpreadMax.TotalHours} h.";
        if (Rules.Grace < TimeSpan.Zero)
            faults[nameof(Rules.Grace)] = "The grace period must not be negative.";
        if (Rules.CatchUpMax is < 1 or > Recurrence.FiringsMax)
            faults[nameof(Rules.CatchUpMax)] =
                $"The number of missed firings to catch up must be between 1 and {Recurrence.FiringsMax}.";
        if (Rules.CatchUpWindow < TimeSpan.Zero)
            faults[nameof(Rules.CatchUpWindow)] = "The catch-up window must not be negative.";
        if (PayloadFault() is { } payload)
            faults[nameof(Payload)] = payload;
        return faults;
    }

    private string? PayloadFault()
    {
        if (Payload.IsEmpty)
            return null;
        if (Payload.Length > PayloadMax)
            return $"The payload must have at most {PayloadMax} bytes.";
        try
        {
            using var document = JsonDocument.Parse(Payload);
            return document.RootElement.ValueKind != JsonValueKind.Object ? "The payload must be a JSON object."
                : document.RootElement.TryGetProperty(Schedule.FiringProperty, out _)
                    ? $"The payload must not have the property '{Schedule.FiringProperty}': it is added with the time "
                        + "of the firing."
                : null;
        }
        catch (JsonException e)
        {
            return $"The payload is not JSON: {e.Message}";
        }
    }
}

/// <summary>What the configuration changes of a schedule; null leaves the schedule's own value.</summary>
public sealed record ScheduleChange
{
    /// <summary>A cron expression, five fields or six with seconds first.</summary>
    public string? Expression { get; init; }

    /// <summary>An IANA time zone.</summary>
    public string? Zone { get; init; }

    /// <summary>How far from the exact time a shard may fire; at most 6 h.</summary>
    public TimeSpan? Spread { get; init; }

    /// <summary>What happens to missed firings.</summary>
    public MisfirePolicy? Misfire { get; init; }

    /// <summary>
    /// What happens to firings that come due during a shard's run; the runs of a shard follow each other.
    /// </summary>
    public OverlapPolicy? Overlap { get; init; }

    /// <summary>A firing that is late by less than this is on time.</summary>
    public TimeSpan? Grace { get; init; }

    /// <summary>How many missed firings are made up for at most, 1 to 1,000.</summary>
    public int? CatchUpMax { get; init; }

    /// <summary>The age up to which a missed firing is made up for.</summary>
    public TimeSpan? CatchUpWindow { get; init; }

    /// <summary>
    /// The faults of the changed schedule by the name of the setting; empty if there are none.
    /// </summary>
    internal IReadOnlyDictionary<string, string> Faults(ScheduleDefinition schedule) => Apply(schedule).Faults();

    /// <summary>The changed schedule.</summary>
    internal ScheduleDefinition Apply(ScheduleDefinition schedule) =>
        schedule with
        {
            Timing = schedule.Timing.With(Expression, Zone),
            Spread = Spread ?? schedule.Spread,
            Rules = schedule.Rules with
            {
                Misfire = Misfire ?? schedule.Rules.Misfire,
                Overlap = Overlap ?? schedule.Rules.Overlap,
                Grace = Grace ?? schedule.Rules.Grace,
                CatchUpMax = CatchUpMax ?? schedule.Rules.CatchUpMax,
                CatchUpWindow = CatchUpWindow ?? schedule.Rules.CatchUpWindow,
            },
        };
}
