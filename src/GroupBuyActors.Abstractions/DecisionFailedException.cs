namespace GroupBuyActors;

/// <summary>
/// A command could not be executed, or its result cannot be stored, because of a fault of this software: the same call
/// will fail again. Nothing of it is stored.
/// </summary>
[GenerateSerializer, Alias("groupbuy.DecisionFailedException")]
public sealed class DecisionFailedException(string message) : Exception(message);
