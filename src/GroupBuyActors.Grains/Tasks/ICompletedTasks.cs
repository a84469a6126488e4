namespace GroupBuyActors.Tasks;

/// <summary>
/// Reports of tasks that were completed by their actor's commit and left no row: one source for each kind of actor that
/// can tell from its journal what became of a task.
/// </summary>
internal interface ICompletedTasks
{
    /// <summary>The report of a completed task; null where this source knows nothing of it.</summary>
    Task<TaskReport?> FindAsync(string taskId, CancellationToken cancellation);
}
