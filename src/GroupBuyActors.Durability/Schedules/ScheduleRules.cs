using System.Text.Json.Serialization;

namespace GroupBuyActors.Schedules;

/// <summary>What happens to firings that were missed: while no silo ran, or none in time.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MisfirePolicy>))]
public enum MisfirePolicy
{
    /// <summary>One run makes up for all of them.</summary>
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
    /// <summary>It is left out.</summary>
    [JsonStringEnumMemberName("skip")]
    Skip,

    /// <summary>One waits until the other has ended; more are left out.</summary>
    [JsonStringEnumMemberName("queue-one")]
    QueueOne,

    /// <summary>Both run.</summary>
    [JsonStringEnumMemberName("allow")]
    Allow,
}

/// <summary>How a schedule deals with what does not go to plan.</summary>
internal sealed record ScheduleRules
{
    /// <summary>What happens to missed firings.</summary>
    public MisfirePolicy Misfire { get; init; } = MisfirePolicy.Once;

    /// <summary>What happens to a firing while an earlier one runs.</summary>
    public OverlapPolicy Overlap { get; init; } = OverlapPolicy.Skip;

    /// <summary>Late by less than this is on time.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Missed firings that are made up for at most, 1 to 1,000.</summary>
    public int CatchUpMax { get; init; } = 10;

    /// <summary>How old a missed firing may be to be made up for.</summary>
    public TimeSpan CatchUpWindow { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>
/// A firing that is left out, and why: <c>misfire-skipped, misfire-merged, outside-window, over-limit, overlap</c>; or,
/// where more than a thousand were missed, <c>misfire-older</c> for the first of them, which stands for all up to the
/// next that is told.
/// </summary>
internal readonly record struct SkippedFiring(DateTimeOffset Firing, string Reason);

/// <summary>What follows a run.</summary>
/// <param name="Runs">Firings to run one after the other, oldest first.</param>
/// <param name="Skipped">Firings that are left out, oldest first.</param>
internal sealed record FiringDecision(IReadOnlyList<DateTimeOffset> Runs, IReadOnlyList<SkippedFiring> Skipped);
