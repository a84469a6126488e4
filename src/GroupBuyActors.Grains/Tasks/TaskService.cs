using GroupBuyActors.Hosting;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Starts and stops the timed tasks of this silo: one engine for all its shards.
/// <para>
/// Tasks are written by commits only. What a commit of this silo schedules or removes reaches memory through the
/// committer's own batches (<see cref="CommittedTasks"/>). Everything else comes from reading the table
/// (<see cref="HorizonReader"/>): the next window before the last one ends; all of it from the left edge after shards
/// were taken (<see cref="ShardTasks"/>), and after every fence, for a commit of the dead silo may have landed after
/// the last look.
/// </para>
/// </summary>
internal sealed class TaskService(
    CommittedTasks committed,
    TaskGauges gauges,
    LocalTaskScheduler scheduler,
    TaskDispatcher dispatcher,
    TaskExecutor executor,
    HorizonReader reader,
    ClusterClock clock
)
{
    /// <summary>Listens from now on; called before the committer starts, so that no commit is missed.</summary>
    public void Listen()
    {
        gauges.Observe();
        committed.Listen();
    }

    /// <summary>Begins to run; called when grain calls are served.</summary>
    public void Start()
    {
        dispatcher.Start(executor.RunAsync);
        scheduler.Start();
        clock.Jumped += FollowJump;
    }

    /// <summary>Begins no more runs and waits, bounded, for those in progress.</summary>
    public Task StopAsync(CancellationToken cancellation)
    {
        clock.Jumped -= FollowJump;
        dispatcher.Stop();
        scheduler.Stop();
        return dispatcher.IdleAsync(cancellation);
    }

    /// <summary>
    /// What the jump has made due is in the table, beyond what was read; and the wheel sleeps by the time before it.
    /// </summary>
    private void FollowJump()
    {
        scheduler.WakeUp();
        reader.ReadAgain();
    }
}
