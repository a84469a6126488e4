using Orleans.Concurrency;

namespace GroupBuyActors.Activations;

/// <summary>
/// A grain that is one durable actor, under the grain's own key. Reentrant, because the turns of a durable actor
/// interleave.
/// </summary>
/// <param name="kind">The kind of its <see cref="ActorId"/>.</param>
/// <param name="behavior">What is particular to the kind.</param>
/// <param name="services">What every actor of a silo shares.</param>
[Reentrant]
internal abstract class DurableGrain<TState, TCommand, TResult>(
    string kind,
    ActorBehavior<TState, TCommand, TResult> behavior,
    ActorServices services
) : Grain, IActorHost
    where TState : class, IActorState
    where TCommand : class
    where TResult : ActorResult
{
    /// <summary>Which actor it is.</summary>
    protected ActorId Id { get; private set; }

    /// <summary>What calls are handed to.</summary>
    protected DurableActor<TState, TCommand, TResult> Actor { get; private set; } = null!;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Id = new ActorId(kind, this.GetPrimaryKeyString());
        Actor = new(Id, behavior, services, this);
        return Actor.ActivateAsync(cancellationToken);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        Actor.DeactivateAsync(cancellationToken);

    void IActorHost.Deactivate() => DeactivateOnIdle();
}
