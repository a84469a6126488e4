using GroupBuyActors.Groups;
using GroupBuyActors.Relay;
using GroupBuyActors.Store;
using GroupBuyActors.Store.Committing;
using GroupBuyActors.Store.Streams;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Membership;

/// <summary>
/// The order in which a silo comes and goes.
/// <code>
/// migrate ─ (Orleans joins) ─ clock ─ streams allocated ─ fence, take shards, adopt ─ gate opens ─ (Orleans active) ─
/// tasks run (Orleans tells the others that this silo leaves) ─ shards handed over ─ tasks stop ─ (groups deactivate
/// over the open committer) ─ relay flushed ─ streams closed
/// </code>
/// On the way down the shards go first: their next owners wake what comes due, while runs that wait for a slow port
/// still end here. They cannot go sooner than the others know that this silo leaves, or they would be sent back to it.
/// Nothing is served before the gate opens, and no placement chooses a silo before it is active; so whoever is asked is
/// ready.
/// </summary>
internal sealed class SiloLife(
    IStoreHealth store,
    ICommitter committer,
    IStreams streams,
    StreamRelay relay,
    TaskService tasks,
    HandOver handOver,
    ClusterKeeper keeper,
    ClockKeeper clock,
    NearTasks near,
    SiloGate gate,
    GroupSurroundings groups,
    StuckGroups stuck,
    ActivationCanary canary,
    ISiloExit exit,
    ILogger<SiloLife> log
) : ILifecycleParticipant<ISiloLifecycle>
{
    // After joining (8100) and the last checks before becoming active (19900), before becoming active (19999); on the
    // way down after the groups are gone (19998).
    private const int BeforeActive = ServiceLifecycleStage.Active - 50;

    // On the way down Orleans announces in this stage that the silo leaves; its other participants run beside each
    // other.
    private const int Leaving = ServiceLifecycleStage.BecomeActive;
    private readonly CancellationTokenSource _stopping = new();
    private Task[] _background = [];

    public void Participate(ISiloLifecycle lifecycle)
    {
        lifecycle.Subscribe("GroupBuyActors.Store", ServiceLifecycleStage.First, store.MigrateAsync);
        lifecycle.Subscribe("GroupBuyActors.Streams", BeforeActive, JoinAsync, LeaveAsync);
        lifecycle.Subscribe("GroupBuyActors.HandOver", Leaving, static _ => Task.CompletedTask, HandOverAsync);
        lifecycle.Subscribe("GroupBuyActors.Tasks", ServiceLifecycleStage.Active, RunAsync, PauseAsync);
    }

    private async Task JoinAsync(CancellationToken cancellation)
    {
        await clock.MeasureAsync(cancellation);
        relay.Listen();
        tasks.Listen();
        await committer.StartAsync(keeper.Self, cancellation);
        relay.Start();
        WatchFence().Ignore();
        await keeper.PassAsync(cancellation);
        keeper.Start();
        gate.Open();
        MembershipLog.Ready(
            log,
            keeper.Self.Address,
            keeper.Self.Slot,
            string.Join(", ", committer.Streams),
            near.Owned
        );
    }

    private Task RunAsync(CancellationToken cancellation)
    {
        tasks.Start();
        var stopping = _stopping.Token;
        _background =
        [
            Task.Run(() => clock.RunAsync(stopping), stopping),
            Task.Run(() => handOver.RunAsync(stopping), stopping),
            Task.Run(() => stuck.RunAsync(stopping), stopping),
            // Not while the silo drains: it activates nothing any more, and the runtime would report each try as an
            // error.
            Task.Run(() => canary.RunAsync(gate.Draining), stopping),
        ];
        return Task.CompletedTask;
    }

    private Task PauseAsync(CancellationToken cancellation)
    {
        MembershipLog.Stopping(log, groups.Active);
        gate.Drain();
        return Task.CompletedTask;
    }

    private async Task HandOverAsync(CancellationToken cancellation)
    {
        await StepAsync("shards", () => keeper.StopAsync(cancellation));
        await StepAsync("tasks", () => tasks.StopAsync(cancellation));
    }

    private async Task LeaveAsync(CancellationToken cancellation)
    {
        // Again, for a silo that never came as far as to run tasks, or could not hand over.
        await StepAsync("shards", () => keeper.StopAsync(cancellation));
        gate.Close("The silo has stopped.");
        await _stopping.CancelAsync();
        await Task.WhenAll(_background).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var mine = committer.Streams.ToArray();
        var flushed = false;
        await StepAsync("committer", () => committer.StopAsync(cancellation));
        await StepAsync("relay", async () => flushed = await relay.StopAsync(cancellation));
        await StepAsync(
            "streams",
            async () =>
            {
                if (mine.Length == 0)
                    return;
                await streams.FenceAsync(mine, cancellation);
                // A stream that every sink has to its end needs nobody to adopt it.
                foreach (var stream in flushed ? mine : [])
                    await streams.MarkDrainedAsync(stream, cancellation);
            }
        );
    }

    private async Task WatchFence()
    {
        var why = await committer.Fenced;
        gate.Close(why);
        MembershipLog.Fenced(log, why);
        exit.Exit(why);
    }

    private async Task StepAsync(string step, Func<Task> run)
    {
        try
        {
            await run();
        }
        catch (Exception e)
        {
            MembershipLog.StopStepFailed(log, e, step);
        }
    }
}
