using GroupBuyActors.Ports;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Runs tasks of one type. Idempotent: a task may run again, here or elsewhere, until the commit that completes it is
/// durable. A handler that throws met trouble of ours (the store, a silo that went): the task runs again soon, and no
/// try is counted.
/// </summary>
internal interface ITaskHandler
{
    /// <summary>See <see cref="TaskTypes"/>.</summary>
    string Type { get; }

    /// <summary>One try.</summary>
    Task<TaskVerdict> RunAsync(DueTask due, CancellationToken cancellation);
}

/// <summary>One try of a task.</summary>
/// <param name="Task">The task as it is stored now.</param>
/// <param name="Policy">Its type's policy.</param>
/// <param name="FailuresBefore">Failed tries before this one.</param>
/// <param name="Now">When the try began.</param>
/// <param name="Chance">Spreads the next wait, in [0, 1).</param>
internal sealed record DueTask(TimedTask Task, TaskPolicy Policy, int FailuresBefore, DateTimeOffset Now, double Chance)
{
    /// <summary>True where an earlier try, here or on a silo that is gone, may have reached the port already.</summary>
    public bool MayRepeat { get; init; }

    /// <summary>True where the port was asked often enough: the decision is taken without its answer.</summary>
    public bool DecidesWithout =>
        FailuresBefore > 0
        && Policy.Retry.WhenUsedUp == RetryVerdict.DecideWithout
        && Policy.Retry.After(FailuresBefore, Task.AgeAt(Now), Chance).Verdict == RetryVerdict.DecideWithout;

    /// <summary>What follows if this try has failed.</summary>
    public RetryStep AfterFailure() => Policy.Retry.After(FailuresBefore + 1, Task.AgeAt(Now), Chance);

    /// <summary>
    /// Whether a silent port means another try. False: the tries are used up, and the handler goes on without the
    /// answer.
    /// </summary>
    public bool TriesAgain(PortReply reply, out TaskVerdict verdict)
    {
        verdict = default;
        if (reply.Answer != PortAnswer.Silent || DecidesWithout)
            return false;
        var step = AfterFailure();
        if (step is { Verdict: RetryVerdict.DecideWithout, Delay.Ticks: 0 })
            return false;
        verdict = TaskVerdict.Failed(step, reply.Detail ?? "The service did not answer.");
        return true;
    }
}

/// <summary>How a try ended.</summary>
internal enum TaskEnd
{
    /// <summary>Completed by its group's commit.</summary>
    Completed,

    /// <summary>Its work is done; a commit of its own completes it.</summary>
    Finished,

    /// <summary>
    /// It was early, or has more to do: it runs again after <see cref="TaskVerdict.Step"/>'s delay, nothing is counted.
    /// </summary>
    RunAgain,

    /// <summary>The try failed: <see cref="TaskVerdict.Step"/> says what follows.</summary>
    Failed,
}

/// <summary>How a try ended, and what follows.</summary>
internal readonly record struct TaskVerdict(
    TaskEnd End,
    RetryStep Step = default,
    string? Error = null,
    IReadOnlyList<TimedTask>? Schedules = null,
    IReadOnlyList<TaskEnding>? Ends = null
)
{
    public static TaskVerdict Completed => new(TaskEnd.Completed);

    /// <summary>
    /// <paramref name="schedules"/>: what the completing commit schedules; <paramref name="ends"/>: what it tells of
    /// besides, such as firings left out.
    /// </summary>
    public static TaskVerdict Finished(
        IReadOnlyList<TimedTask>? schedules = null,
        IReadOnlyList<TaskEnding>? ends = null
    ) => new(TaskEnd.Finished, Schedules: schedules, Ends: ends);

    public static TaskVerdict RunAgain(TimeSpan delay) =>
        new(TaskEnd.RunAgain, new RetryStep(RetryVerdict.Again, delay, false));

    public static TaskVerdict Failed(RetryStep step, string error) => new(TaskEnd.Failed, step, error);
}
