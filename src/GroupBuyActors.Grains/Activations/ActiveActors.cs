using System.Collections.Concurrent;
using Orleans.Core.Internal;

namespace GroupBuyActors.Activations;

/// <summary>All durable actors that are active on this silo, of every kind, so that they can be moved.</summary>
internal sealed class ActiveActors
{
    private readonly ConcurrentDictionary<ActiveActor, byte> _all = new();

    /// <summary>Those that are active now; without a lock, so some may be leaving.</summary>
    public IEnumerable<ActiveActor> All => _all.Select(static entry => entry.Key);

    /// <summary>Adds an activation until it is gone, however it ends.</summary>
    public void Add(IGrainContext context, IMovableActor actor)
    {
        var active = new ActiveActor(context, actor);
        _all.TryAdd(active, 0);
        context.Deactivated.ContinueWith(
            _ => _all.TryRemove(active, out byte _),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
    }
}

/// <summary>One activation of a durable actor on this silo.</summary>
internal sealed class ActiveActor(IGrainContext context, IMovableActor actor)
{
    private readonly IGrainContext _context = context;
    private int _counted;

    public ShardId Shard { get; } = actor.Id.Shard;

    public IMovableActor Actor { get; } = actor;

    /// <summary>How often it was not moved because it waited for a port.</summary>
    public int Postponed { get; set; }

    /// <summary>Completes when the activation has left memory.</summary>
    public Task Gone => _context.Deactivated;

    /// <summary>True for the first call, so that a move is counted once, however often it was begun.</summary>
    public bool TryCountMove() => Interlocked.Exchange(ref _counted, 1) == 0;

    /// <summary>Runs something in a turn of the actor, and completes when it has.</summary>
    public Task InTurnAsync(Func<IMovableActor, Task> run)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _context.Scheduler.QueueAction(() => RunAsync().Ignore());
        return done.Task;

        async Task RunAsync()
        {
            try
            {
                await run(Actor);
                done.TrySetResult();
            }
            catch (Exception e)
            {
                done.TrySetException(e);
            }
        }
    }

    /// <summary>
    /// Lets Orleans move the activation to the silo that placement chooses, once the calls in progress are answered.
    /// Calls that arrive meanwhile are forwarded there. Does nothing where that silo is this one; a grain that asked
    /// for its own migration would lose its memory then.
    /// </summary>
    public Task BeginMoveAsync() =>
        InTurnAsync(moving =>
        {
            moving.Leave();
            return _context.GetComponent<IGrainManagementExtension>()!.MigrateOnIdle().AsTask();
        });
}
