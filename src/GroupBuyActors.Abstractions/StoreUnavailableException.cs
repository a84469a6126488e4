namespace GroupBuyActors;

/// <summary>The store cannot take the change now, or its outcome is unknown: try again with the same request.</summary>
[GenerateSerializer, Alias("groupbuy.StoreUnavailableException")]
public sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
