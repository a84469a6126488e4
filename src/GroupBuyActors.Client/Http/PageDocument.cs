namespace GroupBuyActors.Client;

/// <summary>One page of a list.</summary> <param name="Items">The items, newest first; of a history, oldest
/// first.</param>
/// <param name="Next">The <c>after</c> of the next page; null at the end.</param>
public sealed record PageDocument<T>(IReadOnlyList<T> Items, string? Next = null);

/// <summary>One page of a group's history.</summary> <param name="Items">The events, oldest first.</param>
/// <param name="Next">The <c>after</c> of the next page; null at the end.</param> <param name="RemovedThrough">Events
/// up to this sequence that are not among the items are no longer stored; null if none is missing.</param>
public sealed record HistoryDocument(
    IReadOnlyList<Events.HistoryItem> Items,
    string? Next = null,
    long? RemovedThrough = null
);
