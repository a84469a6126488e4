namespace GroupBuyActors;

/// <summary>
/// A command was not decided, or what it decided cannot be stored: a fault of ours, that the same call meets again.
/// Nothing of it is stored.
/// </summary>
[GenerateSerializer, Alias("groupbuy.DecisionFailedException")]
public sealed class DecisionFailedException(string message) : Exception(message);
