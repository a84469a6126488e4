using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;

namespace GroupBuyActors.Activations;

/// <summary>
/// A grain that is one durable actor, under the grain's own key. Reentrant, because the turns of a durable actor
/// interleave. If its class is marked with merchant placement, it lives on the home of its shard, and moves there with
/// its state when the home changes.
/// </summary>
/// <param name="kind">The kind of its <see cref="ActorId"/>.</param>
/// <param name="behavior">What is particular to the kind.</param>
/// <param name="services">What every actor of a silo shares.</param>
[Reentrant]
internal abstract class DurableGrain<TState, TCommand, TResult>(
    string kind,
    ActorBehavior<TState, TCommand, TResult> behavior,
    ActorServices services
) : Grain, IActorHost, IGrainMigrationParticipant
    where TState : class, IActorState
    where TCommand : class
    where TResult : ActorResult
{
    private ShippedActor? _shipped;

    /// <summary>Which actor it is.</summary>
    protected ActorId Id { get; private set; }

    /// <summary>What calls are handed to.</summary>
    protected DurableActor<TState, TCommand, TResult> Actor { get; private set; } = null!;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Id = new ActorId(kind, this.GetPrimaryKeyString());
        Actor = new(Id, behavior, services, this);
        await Actor.ActivateAsync(cancellationToken, _shipped);
        _shipped = null;
        ServiceProvider.GetRequiredService<ActiveActors>().Add(GrainContext, Actor);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        Actor.DeactivateAsync(cancellationToken, reason.ReasonCode == DeactivationReasonCode.Migrating);

    public void OnDehydrate(IDehydrationContext dehydrationContext) =>
        ActorMigration.Dehydrate(dehydrationContext, Actor.Ship());

    public void OnRehydrate(IRehydrationContext rehydrationContext) =>
        _shipped = ActorMigration.Rehydrate(rehydrationContext);

    void IActorHost.Deactivate() => DeactivateOnIdle();
}
