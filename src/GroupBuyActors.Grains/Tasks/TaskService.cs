using GroupBuyActors.Hosting;
using GroupBuyActors.Membership;
using GroupBuyActors.Store.Committing;
using GroupBuyActors.Store.Tasks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>
/// The timed tasks of this silo: one for all its shards.
/// <para>
/// Tasks are written by commits only. What a commit of this silo schedules or removes reaches memory through the
/// committer's own batches, in the order it became durable: the near ones of its own shards at once, those of other
/// silos by <see cref="HandOver"/>. Everything else comes from reading the table: the next window before the last one
/// ends; all of it from the left edge after shards were taken, and after every fence, for a commit of the dead silo may
/// have landed after the last look.
/// </para>
/// </summary>
internal sealed class TaskService(
    ICommitter committer,
    ITaskStore store,
    NearTasks near,
    TaskQueues queues,
    TaskRunner runner,
    HandOver handOver,
    CronFirings firings,
    TaskCanary canary,
    TaskCensus census,
    TaskPolicyBook policies,
    TaskMetrics metrics,
    ClusterClock clock,
    TimeProvider time,
    IOptions<GrainsOptions> options,
    ILogger<TaskService> log
)
{
    private static readonly TimeSpan RetryRead = TimeSpan.FromMilliseconds(500),
        LeastPause = TimeSpan.FromMilliseconds(50);
    private readonly SemaphoreSlim _wanted = new(0, 1);
    private readonly CancellationTokenSource _stopping = new();
    private Task[] _working = [];
    private volatile bool _mustRead = true;

    /// <summary>Listens from now on; called before the committer starts, so that no commit is missed.</summary>
    public void Listen()
    {
        metrics.Observe(Counts, near.Parked, () => near.Owned);
        committer.Subscribe(OnCommitted);
    }

    /// <summary>Begins to read and to run; called when grain calls are served.</summary>
    public void Start()
    {
        queues.Start(runner.RunAsync);
        near.Start();
        clock.Jumped += FollowJump;
        var stopping = _stopping.Token;
        _working =
        [
            Task.Run(() => ReadAsync(stopping)),
            Task.Run(() => policies.RunAsync(stopping)),
            Task.Run(() => canary.RunAsync(stopping)),
            Task.Run(() => census.RunAsync(stopping)),
        ];
    }

    /// <summary>
    /// What the jump has made due is in the table, beyond what was read; and the wheel sleeps by the time before it.
    /// </summary>
    private void FollowJump()
    {
        near.LookAgain();
        ReadAgain();
    }

    /// <summary>Shards this silo owns now; their tasks are read at once.</summary>
    public void Take(IReadOnlyCollection<(ShardId Shard, long Epoch)> shards)
    {
        foreach (var (shard, epoch) in shards)
            near.Own(shard, epoch);
        firings.Want([.. shards.Select(taken => taken.Shard)]);
        ReadAgain();
    }

    /// <summary>Shards that are about to be released: none of their tasks is begun any more.</summary>
    public void GiveUp(IEnumerable<ShardId> shards)
    {
        foreach (var shard in shards)
            near.Disown(shard);
    }

    /// <summary>Reads from the left edge: after a fence, what was read before it does not count.</summary>
    public void ReadAgain()
    {
        _mustRead = true;
        Wake();
    }

    /// <summary>Begins no more runs and waits, bounded, for those in progress.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        clock.Jumped -= FollowJump;
        queues.Stop();
        near.Stop();
        await _stopping.CancelAsync();
        var began = time.GetTimestamp();
        // A commit cannot be cancelled: while the database is away, what waits for one is left behind.
        await Task.WhenAll(_working)
            .WaitAsync(options.Value.StopBound, time, CancellationToken.None)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (
            queues.Running > 0
            && time.GetElapsedTime(began) < options.Value.StopBound
            && !cancellation.IsCancellationRequested
        )
            await Task.Delay(TimeSpan.FromMilliseconds(10), time, CancellationToken.None);
    }

    private async Task ReadAsync(CancellationToken cancellation)
    {
        // By the cluster's clock, like the tasks themselves: a clock that jumps brings its tasks with it.
        await using var timer = clock.CreateTimer(
            _ => Wake(),
            null,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
        var complete = true;
        while (!cancellation.IsCancellationRequested)
        {
            var began = time.GetTimestamp();
            try
            {
                complete = await ReadTurnAsync(complete && !near.HasOverflowed, cancellation);
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                TaskLog.TurnFailed(log, e, "reading tasks");
                (complete, _mustRead) = (false, true);
            }

            timer.Change(
                complete
                    ? Sooner(options.Value.HorizonReadInterval, near.Window / 2)
                    : PauseBeforeMore(time.GetElapsedTime(began)),
                Timeout.InfiniteTimeSpan
            );
            await _wanted.WaitAsync(cancellation);
        }
    }

    /// <summary>Reads where it is wanted; false where there is more to read soon.</summary>
    private async Task<bool> ReadTurnAsync(bool complete, CancellationToken cancellation)
    {
        // More was due than memory holds: the next stretch is read when this one is mostly done, or about to end.
        if (!complete && !_mustRead && !near.WantsMore)
            return false;
        _mustRead = false;
        // First what is due: first firings of thousands of shards are many commits.
        complete = await ReadOnceAsync(cancellation);
        await firings.SeedAsync(cancellation);
        return complete;
    }

    /// <summary>
    /// Where all of memory is not enough for what is due within a second, half of the time at most goes into reading.
    /// </summary>
    private TimeSpan PauseBeforeMore(TimeSpan took) =>
        _mustRead || !near.WantsMore ? RetryRead
        : took < LeastPause ? LeastPause
        : Sooner(took, RetryRead);

    private void Wake()
    {
        try
        {
            if (_wanted.CurrentCount == 0)
                _wanted.Release();
        }
        catch (SemaphoreFullException)
        {
            // Wanted twice at the same moment; one reading serves both.
        }
    }

    /// <summary>
    /// Reads all owned shards up to the end of the window, and again up to nearer ends while there is more than memory
    /// may hold: what is due first must not be left out for what is due later. False where there is more to read soon,
    /// or where it failed and is repeated.
    /// </summary>
    internal async Task<bool> ReadOnceAsync(CancellationToken cancellation)
    {
        bool complete;
        do complete = await ReadWindowAsync(cancellation);
        while (!complete && !_mustRead && near.CanNarrow);
        return complete;
    }

    private async Task<bool> ReadWindowAsync(CancellationToken cancellation)
    {
        var shards = near.OwnedShards();
        if (shards.Count == 0)
            return true;
        var until = near.BeginReading();
        try
        {
            var found = await store.ReadHorizonAsync(shards, until, options.Value.HorizonTasksMax, cancellation);
            var (added, overdue) = near.EndReading(found.Tasks, found.ReadTo);
            if (overdue > 0)
                TaskLog.HorizonRead(log, shards.Count, added, overdue);
            return found.Complete;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            near.GiveUpReading();
            // Whoever wanted it still does: what was scheduled or taken since the last reading is in the table only.
            _mustRead = true;
            TaskLog.HorizonNotRead(log, e);
            return false;
        }
    }

    private static TimeSpan Sooner(TimeSpan one, TimeSpan other) => one < other ? one : other;

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
                ReadAgain();
            }
        }

        if (near.HasOverflowed)
            Wake();
    }

    private void TakeIn(Commit commit)
    {
        census.Changed(commit);
        foreach (var removed in commit.Removals)
        {
            near.Remove(removed.Id);
            if (near.EpochOf(removed.Shard) == 0)
                handOver.Remove(removed);
        }

        foreach (var task in commit.Schedules)
            if (!near.Add(task))
                handOver.Add(task);
    }

    private IEnumerable<(string, long, int)> Counts()
    {
        var (pending, due) = (census.Pending(), queues.Due().ToDictionary(type => type.Type, type => type.Due));
        return TaskTypes.All.Select(type => (type, pending.GetValueOrDefault(type), due.GetValueOrDefault(type)));
    }
}
