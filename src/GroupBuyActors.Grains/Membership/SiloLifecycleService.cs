using GroupBuyActors.Background;
using GroupBuyActors.Committing;
using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Relay;
using GroupBuyActors.Store;
using GroupBuyActors.Streams;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Membership;

/// <summary>
/// The order in which a silo comes and goes.
/// <code>
/// migrate ─ (Orleans joins) ─ clock ─ streams allocated ─ fence, take shards, adopt ─ gate opens ─ (Orleans active) ─
/// tasks and background services run, most services stop (Orleans tells the others that this silo leaves) ─ shards
/// handed over ─ tasks stop ─ (groups deactivate over the open committer) ─ the other services stop ─ relay flushed ─
/// streams closed
/// </code>
/// On the way down the shards go first: their next owners wake what comes due, while runs that wait for a slow port
/// still end here. They cannot go sooner than the others know that this silo leaves, or they would be sent back to it.
/// Nothing is served before the gate opens, and no placement chooses a silo before it is active; so whoever is asked is
/// ready.
/// </summary>
internal sealed class SiloLifecycleService(
    IStoreHealth store,
    ICommitter committer,
    IStreams streams,
    StreamRelay relay,
    TaskService tasks,
    ClusterReconciler reconciler,
    ClockSynchronizer clock,
    OwnedShards owned,
    SiloGate gate,
    GroupServices groups,
    BackgroundSupervisor background,
    ISiloExit exit,
    ILogger<SiloLifecycleService> log
) : ILifecycleParticipant<ISiloLifecycle>
{
    // After joining (8100) and the last checks before becoming active (19900), before becoming active (19999); on the
    // way down after the groups are gone (19998).
    private const int BeforeActive = ServiceLifecycleStage.Active - 50;

    // On the way down Orleans announces in this stage that the silo leaves; its other participants run beside each
    // other.
    private const int Leaving = ServiceLifecycleStage.BecomeActive;

    public void Participate(ISiloLifecycle lifecycle)
    {
        lifecycle.Subscribe("GroupBuyActors.Store", ServiceLifecycleStage.First, store.MigrateAsync);
        lifecycle.Subscribe("GroupBuyActors.Streams", BeforeActive, JoinAsync, LeaveAsync);
        lifecycle.Subscribe("GroupBuyActors.HandOver", Leaving, static _ => Task.CompletedTask, HandOverAsync);
        lifecycle.Subscribe("GroupBuyActors.Tasks", ServiceLifecycleStage.Active, RunAsync, PauseAsync);
    }

    private async Task JoinAsync(CancellationToken cancellation)
    {
        await MeasureClockAsync(cancellation);
        relay.Listen();
        tasks.Listen(committer);
        await committer.StartAsync(reconciler.Self, cancellation);
        relay.Start(background);
        WatchFence().Ignore();
        await reconciler.RunOnceAsync(cancellation);
        gate.Open();
        MembershipLog.Ready(
            log,
            reconciler.Self.Address,
            reconciler.Self.Slot,
            string.Join(", ", committer.Streams),
            owned.Count
        );
    }

    private Task RunAsync(CancellationToken cancellation)
    {
        tasks.Start();
        background.Start();
        return Task.CompletedTask;
    }

    private async Task MeasureClockAsync(CancellationToken cancellation)
    {
        try
        {
            await clock.RunOnceAsync(cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            MembershipLog.ClockNotMeasured(log, e);
        }
    }

    private async Task PauseAsync(CancellationToken cancellation)
    {
        MembershipLog.Stopping(log, groups.Active);
        gate.Drain();
        // Before the runtime says that this silo leaves: from then on it activates nothing, and would report each try
        // of the canary as an error.
        await StepAsync("background services", background.StopFirstAsync);
    }

    private async Task HandOverAsync(CancellationToken cancellation)
    {
        await StepAsync("shards", () => reconciler.LeaveAsync(cancellation));
        await StepAsync("tasks", () => tasks.StopAsync(cancellation));
    }

    private async Task LeaveAsync(CancellationToken cancellation)
    {
        // Again, for a silo that never came as far as to run tasks, or could not hand over.
        await StepAsync("shards", () => reconciler.LeaveAsync(cancellation));
        gate.Close("The silo has stopped.");
        await StepAsync("background services", background.StopAsync);
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
