using System.Text.Json.Serialization;

namespace GroupBuyActors.Schedules;

/// <summary>What happens to missed firings: those that came due while no silo ran them.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MisfirePolicy>))]
public enum MisfirePolicy
{
    /// <summary>One run makes up for all.</summary>
    [JsonStringEnumMemberName("once")]
    Once,

    /// <summary>None is made up for; a firing within <see cref="ScheduleRules.Grace"/> counts as on time.</summary>
    [JsonStringEnumMemberName("skip")]
    Skip,

    /// <summary>Each is made up for, the latest <see cref="ScheduleRules.CatchUpMax"/> of them.</summary>
    [JsonStringEnumMemberName("all")]
    All,

    /// <summary>Each is made up for that is no older than <see cref="ScheduleRules.CatchUpWindow"/>.</summary>
    [JsonStringEnumMemberName("within")]
    Within,
}

/// <summary>What happens to a firing while an earlier one still runs.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OverlapPolicy>))]
public enum OverlapPolicy
{
    /// <summary>It is skipped.</summary>
    [JsonStringEnumMemberName("skip")]
    Skip,

    /// <summary>One waits until the other has ended; others are skipped.</summary>
    [JsonStringEnumMemberName("queue-one")]
    QueueOne,

    /// <summary>Both run.</summary>
    [JsonStringEnumMemberName("allow")]
    Allow,
}

/// <summary>How a schedule treats missed and overlapping firings.</summary>
internal sealed record ScheduleRules
{
    /// <summary>What happens to missed firings.</summary>
    public MisfirePolicy Misfire { get; init; } = MisfirePolicy.Once;

    /// <summary>What happens to a firing while an earlier one runs.</summary>
    public OverlapPolicy Overlap { get; init; } = OverlapPolicy.Skip;

    /// <summary>A firing that is late by less than this is on time.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How many missed firings are made up for at most, 1 to 1,000.</summary>
    public int CatchUpMax { get; init; } = 10;

    /// <summary>The age up to which a missed firing is made up for.</summary>
    public TimeSpan CatchUpWindow { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>
/// A firing that is skipped, and the reason: <c>misfire-skipped, misfire-merged, outside-window, over-limit,
/// overlap</c>. If more than 1,000 were missed, there is one with the reason <c>misfire-older</c>: the first of them,
/// for all up to the next one that is listed.
/// </summary>
internal readonly record struct SkippedFiring(DateTimeOffset Firing, string Reason);

/// <summary>What follows a run.</summary>
/// <param name="Runs">Firings to run one after the other, oldest first.</param>
/// <param name="Skipped">Firings that are skipped, oldest first.</param>
internal sealed record FiringDecision(IReadOnlyList<DateTimeOffset> Runs, IReadOnlyList<SkippedFiring> Skipped);
