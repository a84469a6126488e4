namespace GroupBuyActors.Store.Retention;

/// <summary>What one step of removing old rows did.</summary>
/// <param name="Removed">Rows that went.</param>
/// <param name="IsDone">False where there may be more at once.</param>
/// <param name="IsBlocked">True where something else was in the way for the moment: to be tried again after a
/// while.</param>
internal readonly record struct PurgeStep(int Removed, bool IsDone, bool IsBlocked = false);
