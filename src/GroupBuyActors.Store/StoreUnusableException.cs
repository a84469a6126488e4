namespace GroupBuyActors.Store;

/// <summary>The database cannot be used as it is configured; the message says what to correct.</summary>
public sealed class StoreUnusableException(string message, Exception? inner = null) : Exception(message, inner);
