namespace GroupBuyActors.Activations;

/// <summary>
/// How a command ended: exactly one of these. The set is closed; the kind of actors chooses the types of answer, reason
/// and question.
/// </summary>
internal abstract record Outcome
{
    private Outcome() { }

    /// <summary>Accepted without an answer, as the commands of most tasks are.</summary>
    public static Accepted Done { get; } = new AcceptedWithoutAnswer();

    /// <summary>
    /// The command was accepted, now or by an earlier request. The answer is given once it is durable.
    /// </summary>
    public abstract record Accepted : Outcome
    {
        private protected Accepted() { }
    }

    /// <summary>Accepted, with an answer.</summary>
    public sealed record Accepted<TAnswer>(TAnswer Answer) : Accepted;

    /// <summary>The command was refused.</summary>
    public abstract record Refused : Outcome
    {
        private protected Refused() { }
    }

    /// <summary>Refused, with the reason.</summary>
    public sealed record Refused<TReason>(TReason Reason) : Refused;

    /// <summary>A port must be asked first; its answer is decided as the next command.</summary>
    public abstract record AsksPort : Outcome
    {
        private protected AsksPort() { }
    }

    /// <summary>A port must be asked this question first.</summary>
    public sealed record AsksPort<TQuestion>(TQuestion Question) : AsksPort;

    /// <summary>The task that delivered the command is not completed and is run again after this delay.</summary>
    public sealed record NotYet(TimeSpan RunAgainIn) : Outcome;

    /// <summary>
    /// The command is about something that this state does not know. Once it is certain that the state is the newest,
    /// the refusal is the answer; a task has none and is removed.
    /// </summary>
    public sealed record Unknown(Refused? Refusal = null) : Outcome;

    private sealed record AcceptedWithoutAnswer : Accepted;
}
