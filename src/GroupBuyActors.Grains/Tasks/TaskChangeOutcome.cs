namespace GroupBuyActors.Tasks;

/// <summary>The outcome of a change of a task by an operator.</summary>
[GenerateSerializer, Alias("groupbuy.TaskChangeOutcome")]
internal enum TaskChangeOutcome
{
    /// <summary>Done: cancelled, moved, given another weight, or redriven.</summary>
    Done,

    /// <summary>Too late, because its run has begun.</summary>
    Running,

    /// <summary>It has ended already, or was changed by another commit first.</summary>
    Ended,

    /// <summary>A group depends on it, so it cannot be cancelled or delayed.</summary>
    Needed,

    /// <summary>Its status does not allow this, such as a redrive of a task that is not a dead letter.</summary>
    WrongStatus,

    /// <summary>No such task.</summary>
    Unknown,
}
