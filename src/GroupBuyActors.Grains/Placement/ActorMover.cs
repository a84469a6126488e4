using GroupBuyActors.Activations;

namespace GroupBuyActors.Placement;

/// <summary>How fast actors move.</summary>
/// <param name="AtOnce">How many move at the same time. Orleans sends those for one silo in one message, and a call to
/// one of them waits until all of the message are active there.</param>
/// <param name="Pause">The pause after these.</param>
internal readonly record struct MovePace(int AtOnce, TimeSpan Pause)
{
    /// <summary>Beside the usual load, which must not notice: some hundreds a second.</summary>
    public static MovePace Steady { get; } = new(16, TimeSpan.FromMilliseconds(20));

    /// <summary>Before this silo stops.</summary>
    public static MovePace Quick { get; } = new(64, TimeSpan.Zero);
}

/// <summary>Moves active actors to their homes, with their memory where it is not too large.</summary>
internal sealed class ActorMover
{
    // A move takes milliseconds once the calls in progress are answered. The next ones do not wait for an actor with a
    // longer call, which moves when that is over.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private readonly ActiveActors _actors;
    private readonly ShardMap _shardMap;
    private readonly PlacementMetrics _metrics;
    private readonly TimeProvider _time;

    public ActorMover(ActiveActors actors, ShardMap shardMap, PlacementMetrics metrics, TimeProvider time)
    {
        (_actors, _shardMap, _metrics, _time) = (actors, shardMap, metrics, time);
        metrics.Observe(() => MisplacedCount);
    }

    /// <summary>How many active actors are at home on another silo.</summary>
    public int MisplacedCount => _actors.All.Count(IsMisplaced);

    /// <summary>The active actors that are at home on another silo.</summary>
    public List<ActiveActor> Misplaced() => [.. _actors.All.Where(IsMisplaced)];

    /// <summary>
    /// Moves those of the actors that are still misplaced; returns how many have moved. Actors that are too large to be
    /// sent move one by one after the others: they are loaded at their next home, and what is sent in the same message
    /// would wait for that.
    /// </summary>
    public async Task<int> MoveAsync(
        IReadOnlyCollection<ActiveActor> actors,
        MovePace pace,
        CancellationToken cancellation
    )
    {
        var moved = 0;
        foreach (var batch in actors.Where(active => active.Actor.IsShippable).Chunk(pace.AtOnce))
            moved += await MoveBatchAsync(batch, pace, cancellation);
        foreach (var large in actors.Where(active => !active.Actor.IsShippable && !active.Gone.IsCompleted))
        {
            await large.InTurnAsync(static moving => moving.PrepareToLoadAsync()).WaitAsync(cancellation);
            moved += await MoveBatchAsync([large], pace, cancellation);
        }

        return moved;
    }

    private async Task<int> MoveBatchAsync(ActiveActor[] batch, MovePace pace, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var moving = Array.FindAll(batch, IsMisplaced);
        await Task.WhenAll(moving.Select(MoveAsync))
            .WaitAsync(Patience, _time, cancellation)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (pace.Pause > TimeSpan.Zero)
            await Task.Delay(pace.Pause, _time, cancellation);
        var moved = 0;
        foreach (var active in moving)
            if (active.Gone.IsCompleted)
                moved++;
            else
                active.InTurnAsync(Stay).Ignore();

        return moved;
    }

    private async Task MoveAsync(ActiveActor active)
    {
        await active.BeginMoveAsync();
        await active.Gone;
        // Counted here, because it may take longer than a batch is waited for, and be begun once more by the next pass.
        if (active.TryCountMove())
            _metrics.Moved(1, active.Actor.HasShipped);
    }

    private static Task Stay(Activations.IMovableActor actor)
    {
        actor.Stay();
        return Task.CompletedTask;
    }

    private bool IsMisplaced(ActiveActor active) =>
        !active.Gone.IsCompleted && _shardMap.Of(active.Shard) is { } home && !_shardMap.IsSelf(home);
}
