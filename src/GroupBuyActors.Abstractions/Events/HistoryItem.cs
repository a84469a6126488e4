using System.Text.Json;

namespace GroupBuyActors.Events;

/// <summary>An event of a group's history.</summary> <param name="Sequence">The event's number in its group, without
/// gaps, from 1.</param>
/// <param name="Type">Such as <c>order.placed</c>.</param> <param name="Time">When the event was decided.</param>
/// <param name="Data">The event's data.</param>
public sealed record HistoryItem(long Sequence, string Type, DateTimeOffset Time, JsonElement Data);
