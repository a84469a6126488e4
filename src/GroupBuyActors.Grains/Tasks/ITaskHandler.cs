namespace GroupBuyActors.Tasks;

/// <summary>
/// Runs tasks of one type. Must be idempotent: a task may run again, here or elsewhere, until the commit that completes
/// it is durable. An exception means an infrastructure failure (of the store, or of a silo that left): the task runs
/// again soon, and no try is counted.
/// </summary>
internal interface ITaskHandler
{
    /// <summary>See <see cref="TaskType.Name"/>.</summary>
    string Type { get; }

    /// <summary>Makes one try.</summary>
    Task<HandlerResult> RunAsync(DueTask due, CancellationToken cancellation);
}
