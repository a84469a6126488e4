using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>
/// The timed tasks of this silo: one for all its shards.
/// <para>
/// Tasks are written by commits only. What a commit of this silo schedules or removes reaches memory through the
/// committer's own batches, in the order it became durable: the near ones of its own shards at once, those of other
/// silos by <see cref="TaskForwarder"/>. Everything else comes from reading the table: the next window before the last
/// one ends; all of it from the left edge after shards were taken, and after every fence, for a commit of the dead silo
/// may have landed after the last look.
/// </para>
/// </summary>
internal sealed class TaskService(
    ICommitter committer,
    TaskTypeRegistry types,
    LocalTaskScheduler scheduler,
    TaskDispatcher queues,
    TaskExecutor runner,
    TaskForwarder forwarder,
    CronScheduler firings,
    HorizonReader reader,
    PendingTaskCounter pendingCounter,
    TaskMetrics metrics,
    ClusterClock clock,
    TimeProvider time,
    IOptions<GrainsOptions> options,
    ILogger<TaskService> log
)
{
    /// <summary>Listens from now on; called before the committer starts, so that no commit is missed.</summary>
    public void Listen()
    {
        metrics.Observe(Counts, scheduler.Parked, () => scheduler.Owned);
        committer.Subscribe(OnCommitted);
    }

    /// <summary>Begins to run; called when grain calls are served.</summary>
    public void Start()
    {
        queues.Start(runner.RunAsync);
        scheduler.Start();
        clock.Jumped += FollowJump;
    }

    /// <summary>
    /// What the jump has made due is in the table, beyond what was read; and the wheel sleeps by the time before it.
    /// </summary>
    private void FollowJump()
    {
        scheduler.WakeUp();
        reader.ReadAgain();
    }

    /// <summary>Shards this silo owns now; their tasks are read at once.</summary>
    public void Take(IReadOnlyCollection<(ShardId Shard, long Epoch)> shards)
    {
        foreach (var (shard, epoch) in shards)
            scheduler.Own(shard, epoch);
        firings.Want([.. shards.Select(taken => taken.Shard)]);
        reader.ReadAgain();
    }

    /// <summary>Shards that are about to be released: none of their tasks is begun any more.</summary>
    public void GiveUp(IEnumerable<ShardId> shards)
    {
        foreach (var shard in shards)
            scheduler.Disown(shard);
    }

    /// <summary>Reads from the left edge: after a fence, what was read before it does not count.</summary>
    public void ReadAgain() => reader.ReadAgain();

    /// <summary>Begins no more runs and waits, bounded, for those in progress.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        clock.Jumped -= FollowJump;
        queues.Stop();
        scheduler.Stop();
        var began = time.GetTimestamp();
        // A commit cannot be cancelled: while the database is away, what waits for one is left behind.
        while (
            queues.Running > 0
            && time.GetElapsedTime(began) < options.Value.StopBound
            && !cancellation.IsCancellationRequested
        )
            await Task.Delay(TimeSpan.FromMilliseconds(10), time, CancellationToken.None);
    }

    private void OnCommitted(CommittedBatch batch)
    {
        foreach (var (_, commit) in batch.Commits)
        {
            try
            {
                TakeIn(commit);
            }
            catch (Exception e)
            {
                // The other commits of the batch are taken in all the same; what this one did is in the table.
                TaskLog.NotTakenIn(log, e);
                reader.ReadAgain();
            }
        }

        if (scheduler.HasOverflowed)
            reader.RunSoon();
    }

    private void TakeIn(Commit commit)
    {
        pendingCounter.Changed(commit);
        foreach (var removed in commit.Removals)
        {
            scheduler.Remove(removed.Id);
            if (scheduler.EpochOf(removed.Shard) == 0)
                forwarder.Remove(removed);
        }

        foreach (var task in commit.Schedules)
            if (!scheduler.Add(task))
                forwarder.Add(task);
    }

    private IEnumerable<(string, long, int)> Counts()
    {
        var (pending, due) = (pendingCounter.Pending(), queues.Due().ToDictionary(type => type.Type, type => type.Due));
        return types.Names.Select(type => (type, pending.GetValueOrDefault(type), due.GetValueOrDefault(type)));
    }
}
