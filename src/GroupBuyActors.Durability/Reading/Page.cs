namespace GroupBuyActors.Reading;

/// <summary>One page of a list, and the opaque token of the next page; null after the last.</summary>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next);
