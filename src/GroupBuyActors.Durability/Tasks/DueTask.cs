namespace GroupBuyActors.Tasks;

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
        && Policy.Retry.WhenUsedUp == RetryDecision.DecideWithout
        && Policy.Retry.After(FailuresBefore, Task.AgeAt(Now), Chance).Decision == RetryDecision.DecideWithout;

    /// <summary>What follows if this try has failed.</summary>
    public RetryStep AfterFailure() => Policy.Retry.After(FailuresBefore + 1, Task.AgeAt(Now), Chance);

    /// <summary>
    /// Whether a port that did not answer means another try, and when. False: the tries are used up, and the decision
    /// is taken without the answer.
    /// </summary>
    public bool TriesAgain(out RetryStep step)
    {
        step = AfterFailure();
        return !DecidesWithout && step is not { Decision: RetryDecision.DecideWithout, Delay.Ticks: 0 };
    }
}
