namespace GroupBuyActors.Store;

/// <summary>The database cannot be used as it is set up; the message is one sentence that says what to mend.</summary>
public sealed class StoreUnusableException(string message, Exception? inner = null) : Exception(message, inner);
