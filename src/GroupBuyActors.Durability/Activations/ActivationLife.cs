using GroupBuyActors.Committing;

namespace GroupBuyActors.Activations;

/// <summary>
/// Whether one activation may still decide and answer. Once it has ended nothing that it decided lands any more, and
/// the next activation loads the true state.
/// </summary>
internal sealed class ActivationLife(
    IActorGate gate,
    IActorHost host,
    DurableHead head,
    string noun,
    Action<string> ended
)
{
    /// <summary>Stands for the activation in its commits.</summary>
    public ActivationToken Token { get; } = new();

    /// <summary>Null while it goes on.</summary>
    public string? EndedBecause { get; private set; }

    /// <summary>Throws where the activation has ended, or its silo may not answer.</summary>
    public void ThrowUnlessOpen()
    {
        // One that could not be loaded leaves whatever the gate says: a closed gate must not keep it.
        if (EndedBecause is { } why)
            throw End(why);
        ThrowUnlessMember();
    }

    /// <summary>Throws where the silo may not answer.</summary>
    public void ThrowUnlessMember()
    {
        if (gate.RefusesBecause is { } closed)
            throw new StoreUnavailableException(closed);
    }

    /// <summary>Ends the activation with everything decided on top of what failed.</summary>
    public StoreUnavailableException End(string why)
    {
        Token.Poison();
        if (EndedBecause is null)
            ended(why);
        EndedBecause ??= why;
        head.Wake();
        host.Deactivate();
        return new StoreUnavailableException(why);
    }

    /// <summary>The same for a commit that is not committed.</summary>
    public StoreUnavailableException End(CommitStatus status) =>
        End(
            status == CommitStatus.Stale
                ? $"Another activation of the {noun} committed first."
                : "The change could not be stored."
        );

    /// <summary>Refuses all that comes from here on, as one that has ended does; it is deactivated later.</summary>
    public void Close(string why)
    {
        Token.Poison();
        EndedBecause ??= why;
    }
}
