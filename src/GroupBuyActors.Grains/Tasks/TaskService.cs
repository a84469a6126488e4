using GroupBuyActors.Hosting;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Starts and stops the timed tasks of this silo: one engine for all its shards.
/// <para>
/// Tasks are written by commits only. What a commit of this silo schedules or removes reaches memory through the
/// committer's own batches (<see cref="CommittedTasks"/>). Everything else comes from reading the table
/// (<see cref="HorizonReader"/>): the next window before the last one ends; all of it from the left edge after shards
/// were taken (<see cref="ShardTasks"/>), and after every fence, because the dead silo may have committed after the
/// last reading.
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
    /// <summary>Subscribes to commits; called before the committer starts, so that none is missed.</summary>
    public void Listen()
    {
        gauges.Observe();
        committed.Listen();
    }

    /// <summary>Begins to run tasks; called when grain calls are served.</summary>
    public void Start()
    {
        dispatcher.Start(executor.RunAsync);
        scheduler.Start();
        clock.Jumped += FollowJump;
    }

    /// <summary>Begins no more runs, and waits a bounded time for those in progress.</summary>
    public Task StopAsync(CancellationToken cancellation)
    {
        clock.Jumped -= FollowJump;
        dispatcher.Stop();
        scheduler.Stop();
        return dispatcher.IdleAsync(cancellation);
    }

    /// <summary>
    /// After a jump, tasks that became due may be in the table beyond what was read, and the wheel's thread sleeps
    /// until a time computed before it.
    /// </summary>
    private void FollowJump()
    {
        scheduler.WakeUp();
        reader.ReadAgain();
    }
}
