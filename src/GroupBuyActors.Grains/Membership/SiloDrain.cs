using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Membership;

/// <summary>
/// What a silo does when it is told to stop and before it stops anything: it moves everything that it holds to the
/// other silos, while it still answers.
/// <code>
/// not ready ─ other silos told ─ actors moved with their memory ─ shards released ─ actors that came meanwhile moved
/// ─ (the server and the silo stop: see SiloLifecycleService)
/// </code>
/// Nothing of this is stored. A silo that dies on the way is a silo that died: what it has moved is elsewhere, and the
/// others take over the rest. Two silos that drain at the same time tell each other and move nothing to each other; the
/// last silo has nowhere to move anything to, and stops at once. Every step is bounded and a step that fails does not
/// prevent the next: what could not be moved is deactivated when the silo stops, and is loaded elsewhere.
/// </summary>
internal sealed class SiloDrain(
    DrainAnnouncement announcement,
    ActorMover mover,
    ShardMap shardMap,
    ShardMover shardMover,
    SiloGate gate,
    TimeProvider time,
    IOptions<GrainsOptions> options,
    ILogger<SiloDrain> log
) : IHostedLifecycleService
{
    private static readonly TimeSpan ReleaseWithin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan NextPass = TimeSpan.FromMilliseconds(100);
    private readonly Lock _once = new();
    private Task? _drained;

    /// <summary>
    /// Drains once; a further call waits for the same. It does not fail, and does nothing where the silo is to stop at
    /// once, has not begun to serve, or is fenced: others have what it had then.
    /// </summary>
    public Task RunAsync(CancellationToken stopAtOnce)
    {
        lock (_once)
            return _drained ??=
                gate.IsClosed || stopAtOnce.IsCancellationRequested ? Task.CompletedTask : DrainAsync(stopAtOnce);
    }

    Task IHostedLifecycleService.StoppingAsync(CancellationToken cancellationToken) => RunAsync(cancellationToken);

    Task IHostedLifecycleService.StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task DrainAsync(CancellationToken stopAtOnce)
    {
        var began = time.GetTimestamp();
        using var bound = new CancellationTokenSource(options.Value.MoveBound, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, stopAtOnce);
        gate.Leave();
        shardMap.Leave();
        var moved = 0;
        try
        {
            var others = await announcement.TellAsync();
            PlacementLog.Draining(log, mover.MisplacedCount, announcement.Told.Count, others);
            moved += await MoveAsync(either.Token);
            await ReleaseShardsAsync(either.Token);
            moved += await MoveAsync(either.Token);
        }
        catch (Exception e)
        {
            MembershipLog.StopStepFailed(log, e, "actors");
        }

        PlacementLog.Drained(log, time.GetElapsedTime(began).TotalSeconds, moved, mover.MisplacedCount);
    }

    /// <summary>
    /// Moves until nothing is left: first what waits for no port, then the rest, whose calls in progress take longer.
    /// While the database does not answer this silo, states cannot be trusted and nothing moves.
    /// </summary>
    private async Task<int> MoveAsync(CancellationToken cancellation)
    {
        var moved = 0;
        while (mover.Misplaced() is { Count: > 0 } misplaced)
        {
            var ready = misplaced.FindAll(static active => !active.Actor.IsAskingPort);
            if (gate.RefusalReason is null)
                moved += await mover.MoveAsync(ready.Count > 0 ? ready : misplaced, MovePace.Quick, cancellation);
            if (mover.MisplacedCount == 0)
                break;
            // Some wait for calls in progress, or were placed here by a silo that was not told.
            await announcement.TellAsync();
            await Task.Delay(NextPass, time, cancellation);
        }

        return moved;
    }

    /// <summary>
    /// Releases shards to the silos that know that this one leaves; another would send them back. Those follow when the
    /// membership tells it.
    /// </summary>
    private async Task ReleaseShardsAsync(CancellationToken cancellation)
    {
        try
        {
            var successors = await shardMover
                .ReleaseAllAsync(cancellation, announcement.Told)
                .WaitAsync(ReleaseWithin, time, cancellation);
            await shardMover.NotifyAsync(successors).WaitAsync(ReleaseWithin, time, cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            MembershipLog.StopStepFailed(log, e, "shards");
        }
    }
}
