namespace GroupBuyActors.Activations;

/// <summary>
/// What moving an activation to another silo needs of its actor, whatever its kind. Except for the properties, it is
/// called in the actor's turns.
/// </summary>
internal interface IMovableActor
{
    ActorId Id { get; }

    /// <summary>
    /// True while a call waits for a port. An actor that moves takes no calls until those in progress are answered, so
    /// it had better move a little later.
    /// </summary>
    bool IsAskingPort { get; }

    /// <summary>
    /// True if its state is sent along when it moves; false if it is loaded again, because it is too large to send.
    /// </summary>
    bool IsShippable { get; }

    /// <summary>True once its state was sent along.</summary>
    bool HasShipped { get; }

    /// <summary>
    /// Prepares to leave: waits for events end, so that nothing delays the move, and their callers wait again at the
    /// next activation.
    /// </summary>
    void Leave();

    /// <summary>Ends the preparation, because the actor was not moved.</summary>
    void Stay();

    /// <summary>
    /// Writes a snapshot while the actor still answers, if it will be loaded from it after the move.
    /// </summary>
    Task PrepareToLoadAsync();
}
