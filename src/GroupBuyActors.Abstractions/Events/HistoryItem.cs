using System.Text.Json;

namespace GroupBuyActors.Events;

/// <summary>One event of a group's history.</summary>
/// <param name="Sequence">The group's own, gap-free, from 1.</param>
/// <param name="Type">Such as <c>order.placed</c>.</param>
/// <param name="Time">When it was decided.</param>
/// <param name="Data">The event's data.</param>
public sealed record HistoryItem(long Sequence, string Type, DateTimeOffset Time, JsonElement Data);
