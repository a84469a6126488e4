namespace GroupBuyActors.Client;

/// <summary>No try of a call was answered within its budget; the outcome of the call is not known.</summary>
internal sealed class UnansweredException(Exception last)
    : Exception("No try of the call was answered within its time budget.", last);
