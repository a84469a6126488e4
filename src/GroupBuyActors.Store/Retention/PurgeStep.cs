namespace GroupBuyActors.Store.Retention;

/// <summary>The result of one step of removing old rows.</summary> <param name="Removed">The number of removed
/// rows.</param> <param name="IsDone">False if there may be more rows to remove now.</param>
/// <param name="IsBlocked">True if something else prevented it for the moment; try again later.</param>
internal readonly record struct PurgeStep(int Removed, bool IsDone, bool IsBlocked = false);
