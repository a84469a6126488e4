using GroupBuyActors.Activations;
using GroupBuyActors.Background;
using GroupBuyActors.Hosting;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Placement;

/// <summary>The result of one pass: actors that were moved, and those that are still to move.</summary>
internal readonly record struct RehomePass(int Moved, int Left);

/// <summary>
/// Moves actors that are active here to their homes after the cluster's members have changed: the runtime places an
/// actor only when it is activated, so that a silo that joins would get none of the active ones, while it gets the
/// tasks of their shards at once. It runs when this silo has compared its shards with their homes, so that a shard and
/// its actors move at about the same time; in between, a task runs on one silo and calls its actor on the other.
/// <para>
/// Moves are paced, so that calls do not notice. An actor that waits for a port is moved later, but not for ever: while
/// it moves, its calls wait for those in progress.
/// </para>
/// </summary>
internal sealed class Rehomer(ActorMover mover, ShardMap shardMap, ISiloGate gate, ILogger<Rehomer> log)
    : PeriodicService<RehomePass>
{
    private const int PostponedMax = 30;
    private static readonly TimeSpan NextPass = TimeSpan.FromSeconds(1);

    public override string Name => "re-homing";

    /// <summary>
    /// Makes one pass over the active actors; moves none once this silo leaves, or while it may not answer: their
    /// states could not be sent along.
    /// </summary>
    public override async Task<RehomePass> RunOnceAsync(CancellationToken cancellation)
    {
        if (shardMap.IsSelfLeaving)
            return default;
        if (gate.RefusalReason is not null)
            return new RehomePass(0, mover.MisplacedCount);
        var misplaced = mover.Misplaced();
        var moved = await mover.MoveAsync(misplaced.FindAll(IsReady), MovePace.Steady, cancellation);
        var left = mover.MisplacedCount;
        if (moved > 0)
            PlacementLog.Moved(log, moved, left);
        return new RehomePass(moved, left);
    }

    protected override TimeSpan PauseAfter(RehomePass result) =>
        result.Left > 0 ? NextPass : GrainsOptions.WatchInterval;

    private static bool IsReady(ActiveActor active) => !active.Actor.IsAskingPort || ++active.Postponed > PostponedMax;
}
