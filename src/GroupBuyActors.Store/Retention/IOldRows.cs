namespace GroupBuyActors.Store.Retention;

/// <summary>What one step of removing old rows did.</summary>
/// <param name="Removed">Rows that went.</param>
/// <param name="IsDone">False where there may be more at once.</param>
/// <param name="IsBlocked">True where something else was in the way for the moment: to be tried again after a
/// while.</param>
internal readonly record struct PurgeStep(int Removed, bool IsDone, bool IsBlocked = false);

/// <summary>
/// Removes rows whose time is over, a bounded number in one short transaction. Each kind is found by a key or from the
/// left edge of one, never by reading a whole table in one statement. Safe to repeat and to run on several silos at
/// once.
/// </summary>
internal interface IOldRows
{
    /// <summary>Runs of tasks that were due before: no copy of theirs can be under way any more.</summary>
    Task<PurgeStep> TaskRunsAsync(DateTimeOffset before, int limit, CancellationToken cancellation);

    /// <summary>Moves of tasks that no list still goes through, by the database's own clock.</summary>
    Task<PurgeStep> TaskMovesAsync(TimeSpan kept, int limit, CancellationToken cancellation);

    /// <summary>
    /// Rows of the journal without a group (commits of tasks alone) that were written before, once every one of these
    /// sinks has passed them. A stream's last row stays as long as the stream does: it tells its lane that nothing was
    /// lost.
    /// </summary>
    Task<PurgeStep> CommitsAsync(
        DateTimeOffset before,
        IReadOnlyCollection<string> sinks,
        int limit,
        CancellationToken cancellation
    );

    /// <summary>Entries of the audit log.</summary>
    Task<PurgeStep> AuditAsync(DateTimeOffset before, int limit, CancellationToken cancellation);
}
