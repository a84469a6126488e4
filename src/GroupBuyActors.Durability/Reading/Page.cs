namespace GroupBuyActors.Reading;

/// <summary>One page and the opaque token of the next, null at the end.</summary>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next);
