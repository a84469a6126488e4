using GroupBuyActors.Reading;

namespace GroupBuyActors.Tasks;

/// <summary>How a change of a task by hand went.</summary>
[GenerateSerializer, Alias("groupbuy.TaskChangeOutcome")]
internal enum TaskChangeOutcome
{
    /// <summary>Done: cancelled, moved, weighed, or scheduled anew.</summary>
    Done,

    /// <summary>Its run has begun: it is too late.</summary>
    Running,

    /// <summary>It has ended already, or somebody changed it first.</summary>
    Ended,

    /// <summary>A group depends on it: it cannot be cancelled by hand, nor put off.</summary>
    Needed,

    /// <summary>It is not in a status that allows this: a redrive of what is no dead letter.</summary>
    WrongStatus,

    /// <summary>No such task.</summary>
    Unknown,
}

/// <summary>
/// Changes of timed tasks by hand. Throws <c>StoreUnavailableException</c> where the outcome is not known; then ask
/// again.
/// </summary>
internal interface ITaskOperations
{
    /// <summary>Calls a task off for good.</summary>
    Task<TaskChangeOutcome> CancelAsync(string taskId, CancellationToken cancellation);

    /// <summary>Runs a pending task now; what its group would not do yet it still does not do.</summary>
    Task<TaskChangeOutcome> RunNowAsync(string taskId, CancellationToken cancellation);

    /// <summary>
    /// Gives a pending task another time, in <see cref="TaskBounds"/>; never earlier than what its group allows to have
    /// an effect. One that a group's state depends on is only brought forward.
    /// </summary>
    Task<TaskChangeOutcome> RescheduleAsync(string taskId, DateTimeOffset at, CancellationToken cancellation);

    /// <summary>
    /// Gives a pending task another weight of its own, −1,000 to 1,000, on top of its type's: where places are scarce,
    /// each is worth a second's head start.
    /// </summary>
    Task<TaskChangeOutcome> SetWeightAsync(string taskId, int weight, CancellationToken cancellation);

    /// <summary>Schedules a dead letter anew, under its own id and with its own idempotency key.</summary>
    Task<TaskChangeOutcome> RedriveAsync(string taskId, CancellationToken cancellation);

    /// <summary>
    /// Says of a dead letter that nothing more is to be done about it: it leaves after its time, and a redrive by
    /// filter passes it over.
    /// </summary>
    Task<TaskChangeOutcome> DismissAsync(string taskId, CancellationToken cancellation);

    /// <summary>
    /// Calls off all tasks of a group, or of one of its orders, that may be called off; gives the outcome of each. One
    /// call goes through a bounded number of tasks and names where to go on, as a list does; null at the end. A mark
    /// that is none throws <see cref="FormatException"/>.
    /// </summary>
    Task<Page<(string TaskId, TaskChangeOutcome Outcome)>> CancelAllAsync(
        GroupId group,
        int? order,
        string? after,
        CancellationToken cancellation
    );
}
