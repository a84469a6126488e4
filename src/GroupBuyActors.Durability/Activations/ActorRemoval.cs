namespace GroupBuyActors.Activations;

/// <summary>
/// Removes an actor's data. Its activation does this, so that nothing can be decided between the last check and the
/// removal of the last row: after the first part calls are refused, and a repeated call reaches a new activation.
/// </summary>
internal sealed class ActorRemoval<TState, TCommand, TResult>(
    DurableActor<TState, TCommand, TResult> actor,
    IActorHost host,
    string why
)
    where TState : class, IActorState
    where TCommand : class
    where TResult : ActorResult
{
    private bool _isLeaving;

    /// <summary>
    /// Removes a part of the actor, if <paramref name="mayGo"/>: true once nothing is left, false if there is more,
    /// null if it stays.
    /// </summary>
    public async Task<bool?> RemoveAsync(Func<TState, bool> mayGo, Func<TState, Task<bool?>> removePart)
    {
        if (!_isLeaving)
        {
            await actor.ReadyAsync();
            await actor.CommitsCompletedAsync();
            if (!mayGo(actor.State))
                return null;
            _isLeaving = true;
            actor.Close(why);
        }

        bool? isGone = null;
        try
        {
            return isGone = await removePart(actor.State);
        }
        finally
        {
            if (isGone is not false)
                host.Deactivate();
        }
    }
}
