namespace GroupBuyActors.Tasks;

/// <summary>One try of a task.</summary>
/// <param name="Task">The task as it is stored now.</param>
/// <param name="Policy">Its type's policy.</param>
/// <param name="FailuresBefore">Failed tries before this one.</param>
/// <param name="Now">When the try began.</param>
/// <param name="Chance">A random number from [0, 1) that spreads the next wait.</param>
internal sealed record DueTask(TimedTask Task, TaskPolicy Policy, int FailuresBefore, DateTimeOffset Now, double Chance)
{
    /// <summary>True if an earlier try, here or on a silo that has left, may have reached the port already.</summary>
    public bool MayRepeat { get; init; }

    /// <summary>
    /// True if the port was asked as often as the policy allows: the decision is made without its answer.
    /// </summary>
    public bool DecidesWithout =>
        FailuresBefore > 0
        && Policy.Retry.WhenUsedUp == RetryDecision.DecideWithout
        && Policy.Retry.After(FailuresBefore, Task.AgeAt(Now), Chance).Decision == RetryDecision.DecideWithout;

    /// <summary>The next step if this try fails.</summary>
    public RetryStep AfterFailure() => Policy.Retry.After(FailuresBefore + 1, Task.AgeAt(Now), Chance);

    /// <summary>
    /// Whether another try follows because a port did not answer, and when. False if the tries are used up and the
    /// decision is made without the answer.
    /// </summary>
    public bool TriesAgain(out RetryStep step)
    {
        step = AfterFailure();
        return !DecidesWithout && step is not { Decision: RetryDecision.DecideWithout, Delay.Ticks: 0 };
    }
}
