using GroupBuyActors.Committing;

namespace GroupBuyActors.Activations;

/// <summary>
/// Whether one activation may still decide and answer. Once it has ended, none of its decisions is committed any more,
/// and the next activation loads the stored state.
/// </summary>
internal sealed class ActivationLifetime(
    IActorGate gate,
    ShardId shard,
    IActorHost host,
    DurableHead head,
    string noun,
    Action<string> ended
)
{
    /// <summary>Identifies the activation in its commits.</summary>
    public ActivationToken Token { get; } = new();

    /// <summary>Why the activation ended; null while it has not.</summary>
    public string? EndReason { get; private set; }

    /// <summary>Throws if the activation has ended or its silo may not answer.</summary>
    public void ThrowUnlessOpen()
    {
        // Checked before the gate: an activation that could not be loaded must be deactivated even while the gate is
        // closed.
        if (EndReason is { } why)
            throw End(why);
        ThrowUnlessMember();
    }

    /// <summary>Throws if the silo may not answer.</summary>
    public void ThrowUnlessMember()
    {
        if (gate.RefusalReasonFor(shard) is { } closed)
            throw new StoreUnavailableException(closed);
    }

    /// <summary>Ends the activation; everything that was decided on top of the failed commit is discarded.</summary>
    public StoreUnavailableException End(string why)
    {
        Token.Poison();
        if (EndReason is null)
            ended(why);
        EndReason ??= why;
        head.Wake();
        host.Deactivate();
        return new StoreUnavailableException(why);
    }

    /// <summary>Ends the activation because a commit was refused or not made.</summary>
    public StoreUnavailableException End(CommitStatus status) =>
        End(
            status == CommitStatus.Stale
                ? $"Another activation of the {noun} committed first."
                : "The change could not be stored."
        );

    /// <summary>
    /// True if the silo may not answer: the activation refuses all calls with that reason. Reading the store would only
    /// add to the load of one that does not answer.
    /// </summary>
    public bool IsClosedWithSilo()
    {
        if (gate.RefusalReasonFor(shard) is not { } closed)
            return false;
        Close(closed);
        return true;
    }

    /// <summary>
    /// Refuses all calls from now on, like an activation that has ended, but leaves it to the caller to deactivate it.
    /// </summary>
    public void Close(string why)
    {
        Token.Poison();
        EndReason ??= why;
    }
}
