namespace GroupBuyActors.Activations;

/// <summary>
/// How a command went: exactly one of these. What the answer, the refusal and the question are is the kind's; the set
/// is closed.
/// </summary>
internal abstract record Outcome
{
    private Outcome() { }

    /// <summary>Done, with nothing to be said: what most tasks bring.</summary>
    public static Accepted Done { get; } = new DoneSilently();

    /// <summary>Decided as it was wanted, or so before: what is said is said once it is durable.</summary>
    public abstract record Accepted : Outcome
    {
        private protected Accepted() { }
    }

    /// <summary>Decided, with an answer.</summary>
    public sealed record Accepted<TAnswer>(TAnswer Answer) : Accepted;

    /// <summary>Not decided as it was wanted.</summary>
    public abstract record Refused : Outcome
    {
        private protected Refused() { }
    }

    /// <summary>Refused, with the reason.</summary>
    public sealed record Refused<TReason>(TReason Reason) : Refused;

    /// <summary>A port must be asked first; what it answers is decided as the next command.</summary>
    public abstract record AsksPort : Outcome
    {
        private protected AsksPort() { }
    }

    /// <summary>A port must be asked first, and what.</summary>
    public sealed record AsksPort<TQuestion>(TQuestion Question) : AsksPort;

    /// <summary>The task that brought the command is not completed: run it again in this long.</summary>
    public sealed record NotYet(TimeSpan RunAgainIn) : Outcome;

    /// <summary>
    /// The command is about something that this state has never heard of. Once it is known that the state is the
    /// newest, the refusal is the answer; a task has none, and is removed.
    /// </summary>
    public sealed record Unknown(Refused? Refusal = null) : Outcome;

    private sealed record DoneSilently : Accepted;
}
