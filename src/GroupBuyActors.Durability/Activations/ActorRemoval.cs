namespace GroupBuyActors.Activations;

/// <summary>
/// The end of an actor's data. Its activation does it, so that nothing can be decided between the last look and the
/// last row: from the first part on calls are refused, and whoever tries again finds another activation, or nothing.
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
    /// Removes a part of the actor that may go: true once nothing is left, false where there is more, null where it
    /// stays.
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
