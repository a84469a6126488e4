namespace GroupBuyActors;

/// <summary>The store cannot accept the change now, or its outcome is unknown: send the same request again.</summary>
[GenerateSerializer, Alias("groupbuy.StoreUnavailableException")]
public sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
