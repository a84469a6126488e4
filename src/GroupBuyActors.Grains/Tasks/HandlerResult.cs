namespace GroupBuyActors.Tasks;

/// <summary>The result of a try of a task.</summary>
internal abstract record HandlerResult
{
    private HandlerResult() { }

    /// <summary>Completed by its actor's commit.</summary>
    public sealed record Completed : HandlerResult;

    /// <summary>Done; a commit of its own completes the task.</summary>
    public sealed record Finished : HandlerResult
    {
        /// <summary>The tasks that the completing commit schedules.</summary>
        public IReadOnlyList<TimedTask> Schedules { get; init; } = [];

        /// <summary>Other outcomes to record, such as skipped firings.</summary>
        public IReadOnlyList<TaskOutcome> Outcomes { get; init; } = [];
    }

    /// <summary>The task was early, or has more to do: it runs again after the delay, and no try is counted.</summary>
    public sealed record RunAgain(TimeSpan Delay) : HandlerResult;

    /// <summary>The try failed.</summary>
    public sealed record Failed(RetryStep Step, string Error) : HandlerResult;
}
