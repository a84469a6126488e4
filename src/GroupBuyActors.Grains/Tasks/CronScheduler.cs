using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Store.Tasks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>A schedule as operators see it.</summary>
/// <param name="Job">Names it.</param>
/// <param name="Expression">Cron.</param>
/// <param name="Zone">IANA.</param>
/// <param name="Spread">How far from the exact time a shard may fire.</param>
/// <param name="Rules">For what does not go to plan.</param>
/// <param name="Next">The next exact times.</param>
internal sealed record ScheduleReport(
    string Job,
    string Expression,
    string Zone,
    TimeSpan Spread,
    CronRules Rules,
    IReadOnlyList<DateTimeOffset> Next
);

/// <summary>Schedules for operators.</summary>
internal interface ISchedules
{
    /// <summary>All schedules with their next firings, 1 to 1,000.</summary>
    IReadOnlyList<ScheduleReport> List(int count);
}

/// <summary>
/// The firings of every job, by shards. Each run schedules its shard's next one in the commit that completes it, so
/// that a shard's runs follow each other. A shard that is taken gets its first one where it has none: a firing's key
/// follows from job, shard and time, so that inserting it again changes nothing, and one that was given another time by
/// hand is found by its id, or it would be there twice. After a schedule was changed, what is left of the old one ends
/// as it fires: the new one has begun with the start that changed it.
/// </summary>
internal sealed class CronScheduler : ISchedules
{
    private const int StoredAtOnce = 256,
        ReportedMax = 200;
    private readonly ICommitter _committer;
    private readonly ITaskStore _store;
    private readonly ClusterClock _clock;
    private readonly IdGenerator _ids;
    private readonly ILogger _log;
    private readonly Dictionary<string, (CronJob Job, SpreadSchedule Schedule)> _jobs;
    private readonly Lock _gate = new();
    private readonly HashSet<(string Job, ShardId Shard)> _wanted = [];

    public CronScheduler(
        ICommitter committer,
        ITaskStore store,
        ClusterClock clock,
        IdGenerator ids,
        IOptions<GrainsOptions> options,
        ILogger<CronScheduler> log
    )
    {
        (_committer, _store, _clock, _ids, _log) = (committer, store, clock, ids, log);
        _jobs = TaskRegistrations
            .Schedules.Select(job =>
                options.Value.Schedules.TryGetValue(job.Job, out var change) ? change.Apply(job) : job
            )
            .ToDictionary(job => job.Job, job => (job, job.Schedule()), StringComparer.Ordinal);
    }

    /// <summary>Firings of shards that are not stored yet.</summary>
    internal int Wanted
    {
        get
        {
            lock (_gate)
                return _wanted.Count;
        }
    }

    public IReadOnlyList<ScheduleReport> List(int count) =>
        [
            .. _jobs
                .Values.Select(job => job.Schedule)
                .Select(schedule => new ScheduleReport(
                    schedule.Job,
                    schedule.Cron.Expression,
                    schedule.Cron.Zone,
                    schedule.Spread,
                    schedule.Cron.Rules,
                    schedule.Cron.Preview(_clock.GetUtcNow(), count)
                )),
        ];

    /// <summary>These shards were taken and need their firings; stored by the next <see cref="SeedAsync"/>.</summary>
    public void Want(IReadOnlyCollection<ShardId> shards)
    {
        lock (_gate)
            foreach (var (job, _) in _jobs.Values)
                _wanted.UnionWith(shards.Where(job.RunsIn).Select(shard => (job.Job, shard)));
    }

    /// <summary>Stores the firings wanted; what cannot be stored stays wanted.</summary>
    public async Task SeedAsync(CancellationToken cancellation)
    {
        (string Job, ShardId Shard)[] wanted;
        lock (_gate)
            wanted = [.. _wanted];
        foreach (var some in wanted.Chunk(StoredAtOnce))
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                var now = _clock.GetUtcNow();
                List<TimedTask> firings =
                [
                    .. some.Select(first => Next(first.Job, first.Shard, now)).OfType<TimedTask>(),
                ];
                var present = (
                    await _store.PresentAsync([.. firings.Select(firing => firing.Key.Id)], cancellation)
                ).ToHashSet(StringComparer.Ordinal);
                if (!await StoreAsync([.. firings.Where(firing => !present.Contains(firing.Key.Id))]))
                    return;
                lock (_gate)
                    _wanted.ExceptWith(some);
            }
            catch (Exception e)
            {
                TaskLog.FiringsNotSeeded(_log, e);
                return;
            }
        }
    }

    /// <summary>
    /// The end of a firing that is not to be run; null where it is. What was put off by hand or by a failure is run all
    /// the same.
    /// </summary>
    public HandlerResult? LeaveOut(DueTask due, DateTimeOffset firing)
    {
        var (schedule, task) = (_jobs[due.Task.Type].Schedule, due.Task);
        if (task.Key.Due != firing || schedule.LeftOut(task.Key.Shard, firing, due.Now) is not { } reason)
            return null;
        var next =
            reason == "schedule-changed" ? null : Next(task.Type, task.Key.Shard, firing > due.Now ? firing : due.Now);
        return new HandlerResult.Finished
        {
            Schedules = next is null ? [] : [next],
            Ends = [TaskOutcome.Of(task, TaskOutcomeStatus.Expired, due.Now, reason)],
        };
    }

    /// <summary>
    /// The end of a run: its shard's next firing, and those that are left out with the reason, so that nobody wonders
    /// where they are. A firing that was brought forward by hand was run beside the schedule: it comes again at its own
    /// time.
    /// </summary>
    public HandlerResult Conclude(DueTask due, DateTimeOffset firing)
    {
        var (task, now) = (due.Task, _clock.GetUtcNow());
        var wasMovedEarlier = task.Key.Due < firing;
        var plan = _jobs[task.Type]
            .Schedule.After(task.Key.Shard, wasMovedEarlier ? task.Key.Due : firing, due.Now, now);
        // Under its own id once more, so under a later version: the run that was made has taken the one before.
        var version = wasMovedEarlier ? task.Version + 1 : 1;
        return new HandlerResult.Finished
        {
            Schedules = plan.Next is { } next
                ? [Firing(task.Type, task.Key.Shard, next) with { Version = version }]
                : [],
            Ends =
            [
                .. Bounded(plan.Skipped)
                    .Select(skipped =>
                        TaskOutcome.Of(
                            Firing(task.Type, task.Key.Shard, skipped.Firing),
                            TaskOutcomeStatus.Expired,
                            now,
                            skipped.Reason
                        )
                    ),
            ],
        };
    }

    /// <summary>
    /// What goes on where a task ends without its run, called off or too old: of a firing the shard's next one, without
    /// which the job would never run there again; of any other task nothing.
    /// </summary>
    public IReadOnlyList<TimedTask> Following(TimedTask task, DateTimeOffset now)
    {
        if (!_jobs.ContainsKey(task.Type))
            return [];
        var firing = FiringOf(task) ?? now;
        return Next(task.Type, task.Key.Shard, firing > now ? firing : now) is { } next ? [next] : [];
    }

    private static DateTimeOffset? FiringOf(TimedTask task)
    {
        try
        {
            return System
                .Text.Json.JsonSerializer.Deserialize(task.Payload.Span, FiringTaskJson.Default.FiringTask)
                ?.Firing;
        }
        catch (System.Text.Json.JsonException)
        {
            // Nobody can read it: the schedule goes on from now.
            return null;
        }
    }

    /// <summary>
    /// The latest of them, as many as one commit takes without care, and the oldest for all that are not told one by
    /// one.
    /// </summary>
    private static IEnumerable<SkippedFiring> Bounded(IReadOnlyList<SkippedFiring> skipped) =>
        skipped.Count <= ReportedMax
            ? skipped
            : [skipped[0] with { Reason = "misfire-older" }, .. skipped.Skip(skipped.Count - ReportedMax + 1)];

    private TimedTask? Next(string job, ShardId shard, DateTimeOffset after) =>
        _jobs[job].Schedule.Next(shard, after) is { } next ? Firing(job, shard, next) : null;

    private static TimedTask Firing(string job, ShardId shard, DateTimeOffset firing) =>
        new()
        {
            Key = new TaskKey(shard, firing, TaskIds.Of(job, shard, firing)),
            Type = job,
            Payload = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(
                new FiringTask(firing),
                FiringTaskJson.Default.FiringTask
            ),
            NextAt = firing,
        };

    private async Task<bool> StoreAsync(TimedTask[] firings)
    {
        if (firings.Length == 0)
            return true;
        var slot = _committer.TryReserve(firings[0].Key.Shard);
        if (slot is null)
            return false;
        // The run's name is its own each time: that the same firings were stored before is no reason to refuse them.
        var id = _ids.NextCommitId();
        var result = await _committer.CommitAsync(
            slot,
            new Commit
            {
                Id = id,
                Shard = firings[0].Key.Shard,
                Token = new ActivationToken(),
                Schedules = firings,
                Run = new TaskRun(firings[0].Key with { Id = $"cron:seed:{id:N}" }, 1),
            }
        );
        return result.Status == CommitStatus.Committed;
    }
}
