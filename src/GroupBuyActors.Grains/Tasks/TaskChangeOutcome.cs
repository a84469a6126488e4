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
