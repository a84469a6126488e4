namespace GroupBuyActors.Tasks;

/// <summary>
/// Reports tasks that were completed by their actor's commit and left no row. There is one implementation for each kind
/// of actors whose journal shows how a task ended.
/// </summary>
internal interface ICompletedTasks
{
    /// <summary>The report of a completed task; null if it is unknown here.</summary>
    Task<TaskReport?> FindAsync(string taskId, CancellationToken cancellation);
}
