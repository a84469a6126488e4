namespace GroupBuyActors.Tasks;

/// <summary>
/// Runs tasks of one type. Idempotent: a task may run again, here or elsewhere, until the commit that completes it is
/// durable. A handler that throws met a failure of the infrastructure (the store, a silo that went): the task runs
/// again soon, and no try is counted.
/// </summary>
internal interface ITaskHandler
{
    /// <summary>See <see cref="TaskType.Name"/>.</summary>
    string Type { get; }

    /// <summary>One try.</summary>
    Task<HandlerResult> RunAsync(DueTask due, CancellationToken cancellation);
}
