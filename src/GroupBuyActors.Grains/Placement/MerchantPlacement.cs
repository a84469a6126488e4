using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace GroupBuyActors.Placement;

/// <summary>
/// Places an actor on the home of its shard, so that an actor, its tasks and their handlers are on one silo.
/// </summary>
[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("groupbuy.MerchantPlacement")]
internal sealed class MerchantPlacement : PlacementStrategy;

/// <summary>
/// Marks the grain class of a durable actor, whose key gives its shard: see <see cref="MerchantPlacement"/>.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class MerchantPlacementAttribute() : PlacementAttribute(new MerchantPlacement());

/// <summary>
/// Chooses the home of the grain's shard. It is called only for activation and migration, on any silo, each with its
/// own view of the cluster: two may choose differently, and the directory decides. It does not exclude a second
/// activation.
/// </summary>
internal sealed class MerchantDirector(ShardMap shardMap) : IPlacementDirector
{
    private const string AnyKind = "actors";

    public Task<SiloAddress> OnAddActivation(
        PlacementStrategy strategy,
        PlacementTarget target,
        IPlacementContext context
    )
    {
        var compatible = context.GetCompatibleSilos(target);
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData, compatible) is { } hint)
            return Task.FromResult(hint);
        var shard = ShardOf(target.GrainIdentity);
        return Task.FromResult(
            shardMap.Of(shard) is { } home && Array.IndexOf(compatible, home) >= 0
                ? home
                : shardMap.Among(shard, compatible)
        );
    }

    /// <summary>
    /// The shard follows from the key alone, whatever the kind. A key that is none of an actor is placed on any silo,
    /// but always on the same; calls are refused there.
    /// </summary>
    private static ShardId ShardOf(GrainId grain)
    {
        var key = grain.Key.ToString();
        return ActorId.TryParse($"{AnyKind}:{key}", out var actor)
            ? actor.Shard
            : new ShardId((int)(StableHash.Of(key) % ShardId.Count));
    }
}
