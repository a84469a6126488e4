using GroupBuyActors.Background;
using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Membership;

/// <summary>
/// The order in which a silo starts and stops.
/// <code>
/// migrate ─ (Orleans joins) ─ clock ─ streams created ─ fence, take shards, adopt ─ gate opens ─ (Orleans active) ─
/// tasks and background services run, the silo drains, most services stop (Orleans tells the others that this silo
/// leaves) ─ shards that are left handed over ─ tasks stop ─ (groups that are left deactivate over the open committer)
/// ─ the other services stop ─ relay flushed ─ streams closed
/// </code>
/// A stopping silo first moves its actors and releases its shards (<see cref="SiloDrain"/>): their next owners fire
/// what becomes due, while runs that wait for a slow port still end here. A shard cannot be released to a silo that
/// does not know that this one leaves, because it would be sent back: it is released once the membership tells. Nothing
/// is served before the gate opens, and no placement chooses a silo before it is active, so a silo that is called is
/// ready.
/// </summary>
internal sealed class SiloLifecycleService(
    SiloPreparation preparation,
    OwnStreams streams,
    TaskService tasks,
    ClusterReconciler reconciler,
    SiloGate gate,
    ActiveGroups groups,
    BackgroundSupervisor background,
    SiloDrain drain,
    ILogger<SiloLifecycleService> log
) : ILifecycleParticipant<ISiloLifecycle>
{
    // When starting: after joining (8100) and the last checks before becoming active (19900), before becoming active
    // (19999). When stopping: after the groups are gone (19998).
    private const int BeforeActive = ServiceLifecycleStage.Active - 50;

    // When stopping: before anything of the silo stops.
    private const int Serving = ServiceLifecycleStage.Active + 1;

    // When stopping, Orleans announces in this stage that the silo leaves; the participants of a stage run in parallel.
    private const int Leaving = ServiceLifecycleStage.BecomeActive;

    public void Participate(ISiloLifecycle lifecycle)
    {
        lifecycle.Subscribe("GroupBuyActors.Store", ServiceLifecycleStage.First, preparation.MigrateAsync);
        lifecycle.Subscribe("GroupBuyActors.Streams", BeforeActive, JoinAsync, LeaveAsync);
        lifecycle.Subscribe("GroupBuyActors.HandOver", Leaving, static _ => Task.CompletedTask, HandOverAsync);
        lifecycle.Subscribe("GroupBuyActors.Tasks", ServiceLifecycleStage.Active, RunAsync, PauseAsync);
        lifecycle.Subscribe("GroupBuyActors.Drain", Serving, static _ => Task.CompletedTask, drain.RunAsync);
    }

    private async Task JoinAsync(CancellationToken cancellation)
    {
        await preparation.MeasureClockAsync(cancellation);
        streams.Listen();
        tasks.Listen();
        await streams.OpenAsync(reconciler.Self, cancellation);
        var pass = await reconciler.RunOnceAsync(cancellation);
        gate.Open();
        MembershipLog.Ready(
            log,
            reconciler.Self.Address,
            reconciler.Self.Slot,
            string.Join(", ", streams.Ids),
            pass.Taken
        );
    }

    private Task RunAsync(CancellationToken cancellation)
    {
        tasks.Start();
        background.Start();
        return Task.CompletedTask;
    }

    private async Task PauseAsync(CancellationToken cancellation)
    {
        MembershipLog.Stopping(log, groups.Count);
        gate.Drain();
        // Before the runtime announces that this silo leaves: from then on it activates nothing and would report each
        // activation of the canary as an error.
        await StepAsync("background services", background.StopFirstAsync);
    }

    private async Task HandOverAsync(CancellationToken cancellation)
    {
        await StepAsync("shards", () => reconciler.LeaveAsync(cancellation));
        await StepAsync("tasks", () => tasks.StopAsync(cancellation));
    }

    private async Task LeaveAsync(CancellationToken cancellation)
    {
        // Repeated for a silo that never began to run tasks, or could not release its shards before.
        await StepAsync("shards", () => reconciler.LeaveAsync(cancellation));
        gate.Close("The silo has stopped.");
        await StepAsync("background services", background.StopAsync);
        await streams.CloseAsync(StepAsync, cancellation);
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
