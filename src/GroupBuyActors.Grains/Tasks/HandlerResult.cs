namespace GroupBuyActors.Tasks;

/// <summary>How a try of a task ended, and what follows.</summary>
internal abstract record HandlerResult
{
    private HandlerResult() { }

    /// <summary>Completed by its actor's commit.</summary>
    public sealed record Completed : HandlerResult;

    /// <summary>Its work is done; a commit of its own completes it.</summary>
    public sealed record Finished : HandlerResult
    {
        /// <summary>What the completing commit schedules.</summary>
        public IReadOnlyList<TimedTask> Schedules { get; init; } = [];

        /// <summary>What it tells of besides, such as firings left out.</summary>
        public IReadOnlyList<TaskOutcome> Outcomes { get; init; } = [];
    }

    /// <summary>It was early, or has more to do: it runs again after the delay, and nothing is counted.</summary>
    public sealed record RunAgain(TimeSpan Delay) : HandlerResult;

    /// <summary>The try failed.</summary>
    public sealed record Failed(RetryStep Step, string Error) : HandlerResult;
}
