using GroupBuyActors.Committing;
using GroupBuyActors.Placement;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Applies what commits of this silo schedule and remove to the tasks in memory, in the order in which it became
/// durable: tasks of this silo's own shards that are due within the horizon directly, those of other silos by
/// <see cref="TaskForwarder"/>.
/// </summary>
internal sealed class CommittedTasks(
    ICommitter committer,
    LocalTaskScheduler scheduler,
    OwnedShards owned,
    TaskForwarder forwarder,
    PendingTaskCounter counter,
    HorizonReader reader,
    ILogger<CommittedTasks> log
)
{
    /// <summary>Subscribes to commits; called before the committer starts, so that none is missed.</summary>
    public void Listen() => committer.Subscribe(Take);

    /// <summary>Called on a lane's thread with every committed batch.</summary>
    private void Take(CommittedBatch batch)
    {
        foreach (var (_, commit) in batch.Commits)
        {
            try
            {
                Take(commit);
            }
            catch (Exception e)
            {
                // The other commits of the batch are still applied; the changes of this one are in the table.
                TaskLog.NotApplied(log, e);
                reader.ReadAgain();
            }
        }

        if (scheduler.HasOverflowed)
            reader.RunSoon();
    }

    private void Take(Commit commit)
    {
        counter.Changed(commit);
        foreach (var removed in commit.Removals)
        {
            scheduler.Remove(removed.Id);
            if (!owned.Contains(removed.Shard))
                forwarder.Remove(removed);
        }

        foreach (var task in commit.Schedules)
            if (!scheduler.Add(task))
                forwarder.Add(task);
    }
}
