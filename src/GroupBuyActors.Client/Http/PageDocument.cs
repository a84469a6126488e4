namespace GroupBuyActors.Client;

/// <summary>One page of a list.</summary>
/// <param name="Items">Newest first; of a history, oldest first.</param>
/// <param name="Next">The <c>after</c> of the next page; null at the end.</param>
public sealed record PageDocument<T>(IReadOnlyList<T> Items, string? Next = null);
