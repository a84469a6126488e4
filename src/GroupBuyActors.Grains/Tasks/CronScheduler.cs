using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Schedules;
using GroupBuyActors.Store.Tasks;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Tasks;

/// <summary>
/// The firings of every schedule in force, by shards. Each run schedules its shard's next one in the commit that
/// completes it, so that a shard's runs follow each other. A shard that is taken gets its first one where it has none:
/// a firing's key follows from schedule, shard and time, so that inserting it again changes nothing, and one that was
/// given another time by hand is found by its id, or it would be there twice.
/// <para>
/// After a schedule was added or replaced, here or by another start, its shards get their first firings under the new
/// definition; what is left of the old one ends as it fires, unless the new one fires at that very time, too: then it
/// is run as the new one says. Of a schedule that was removed each firing ends as it fires, and none follows.
/// </para>
/// </summary>
internal sealed class CronScheduler(
    ICommitter committer,
    ITaskStore store,
    ClusterClock clock,
    IdGenerator ids,
    ScheduleRegistry registry,
    ILogger<CronScheduler> log
)
{
    private const int StoredAtOnce = 256,
        ReportedMax = 200;
    private readonly Lock _gate = new();
    private readonly HashSet<(string Schedule, ShardId Shard)> _wanted = [];

    /// <summary>Firings of shards that are not stored yet.</summary>
    internal int Wanted
    {
        get
        {
            lock (_gate)
                return _wanted.Count;
        }
    }

    /// <summary>These shards were taken and need their firings; stored by the next <see cref="SeedAsync"/>.</summary>
    public void Want(IReadOnlyCollection<ShardId> shards) => Want(registry.Current.All, shards);

    /// <summary>These schedules are new, or others than before, in these shards.</summary>
    public void Want(IEnumerable<Schedule> schedules, IReadOnlyCollection<ShardId> shards)
    {
        lock (_gate)
            foreach (var schedule in schedules)
                _wanted.UnionWith(shards.Where(schedule.Definition.RunsIn).Select(shard => (schedule.Name, shard)));
    }

    /// <summary>Stores the firings wanted; what cannot be stored stays wanted.</summary>
    public async Task SeedAsync(CancellationToken cancellation)
    {
        (string Schedule, ShardId Shard)[] wanted;
        lock (_gate)
            wanted = [.. _wanted];
        foreach (var some in wanted.Chunk(StoredAtOnce))
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                var (now, schedules) = (clock.GetUtcNow(), registry.Current);
                List<TimedTask> firings =
                [
                    .. some.Select(first => schedules.Find(first.Schedule)?.Next(first.Shard, now)).OfType<TimedTask>(),
                ];
                var present = (
                    await store.PresentAsync([.. firings.Select(firing => firing.Key.Id)], cancellation)
                ).ToHashSet(StringComparer.Ordinal);
                if (!await StoreAsync([.. firings.Where(firing => !present.Contains(firing.Key.Id))]))
                    return;
                lock (_gate)
                    _wanted.ExceptWith(some);
            }
            catch (Exception e)
            {
                TaskLog.FiringsNotSeeded(log, e);
                return;
            }
        }
    }

    /// <summary>
    /// The end of a firing that is not to be run; null where it is. What was put off by hand or by a failure is run all
    /// the same, as long as its schedule is there.
    /// </summary>
    public HandlerResult? LeaveOut(DueTask due, DateTimeOffset firing)
    {
        var (task, shard) = (due.Task, due.Task.Key.Shard);
        if (ScheduleOf(task) is not { } schedule)
            return SkipReason(due, "schedule-removed", null);
        if (task.Key.Due != firing)
            return null;
        if (schedule.SkipReason(shard, firing, due.Now) is not { } reason)
            return Renewed(due, schedule.Firing(shard, firing));
        return SkipReason(
            due,
            reason,
            reason == SpreadSchedule.Changed ? null : schedule.Next(shard, firing > due.Now ? firing : due.Now)
        );
    }

    /// <summary>
    /// The end of a run: its shard's next firing, and those that are left out with the reason, so that nobody wonders
    /// where they are. A firing that was brought forward by hand was run beside the schedule: it comes again at its own
    /// time.
    /// </summary>
    public HandlerResult Conclude(DueTask due, DateTimeOffset firing)
    {
        var (task, shard, now) = (due.Task, due.Task.Key.Shard, clock.GetUtcNow());
        // Removed while it ran: nothing follows.
        if (ScheduleOf(task) is not { } schedule)
            return new HandlerResult.Finished();
        var wasMovedEarlier = task.Key.Due < firing;
        var plan = schedule.After(shard, firing, wasMovedEarlier ? task.Key.Due : firing, due.Now, now);
        // Under its own id once more, so under a later version: the run that was made has taken the one before.
        var version = wasMovedEarlier ? task.Version + 1 : 1;
        return new HandlerResult.Finished
        {
            Schedules = plan.Next is { } next ? [schedule.Firing(shard, next) with { Version = version }] : [],
            Outcomes =
            [
                .. Bounded(plan.Skipped)
                    .Select(skipped =>
                        TaskOutcome.Of(
                            schedule.Firing(shard, skipped.Firing),
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
    /// which the schedule would never fire there again; of any other task nothing.
    /// </summary>
    public IReadOnlyList<TimedTask> Following(TimedTask task, DateTimeOffset now)
    {
        if (ScheduleOf(task) is not { } schedule)
            return [];
        var firing = FiringOf(task) ?? now;
        return schedule.Next(task.Key.Shard, firing > now ? firing : now) is { } next ? [next] : [];
    }

    private static HandlerResult.Finished SkipReason(DueTask due, string reason, TimedTask? next) =>
        new()
        {
            Schedules = next is null ? [] : [next],
            Outcomes = [TaskOutcome.Of(due.Task, TaskOutcomeStatus.Expired, due.Now, reason)],
        };

    /// <summary>
    /// Where a firing was stored under a former definition that had another task type or payload: the same firing as
    /// the one in force has it, within a second. It is another row, under the id of that second: the one it stands for
    /// is in memory until its end is stored.
    /// </summary>
    private static HandlerResult.Finished? Renewed(DueTask due, TimedTask firing)
    {
        var (stored, shard) = (due.Task, due.Task.Key.Shard);
        if (stored.Type == firing.Type && stored.Payload.Span.SequenceEqual(firing.Payload.Span))
            return null;
        var second = Math.Max(due.Now.ToUnixTimeSeconds(), stored.Key.Due.ToUnixTimeSeconds()) + 1;
        var at = DateTimeOffset.FromUnixTimeSeconds(second);
        TaskIds.TryGetSchedule(stored.Key.Id, out var schedule, out _);
        return new HandlerResult.Finished
        {
            Schedules =
            [
                firing with
                {
                    Key = new TaskKey(shard, at, TaskIds.Of(schedule, shard, at)),
                    NextAt = at,
                    FirstDue = stored.FirstDue ?? stored.Key.Due,
                    Version = stored.Version + 1,
                },
            ],
        };
    }

    private Schedule? ScheduleOf(TimedTask task) =>
        TaskIds.TryGetSchedule(task.Key.Id, out var name, out _) ? registry.Current.Find(name) : null;

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

    private async Task<bool> StoreAsync(TimedTask[] firings)
    {
        if (firings.Length == 0)
            return true;
        var slot = committer.TryReserve(firings[0].Key.Shard);
        if (slot is null)
            return false;
        // The run's name is its own each time: that the same firings were stored before is no reason to refuse them.
        var id = ids.NextCommitId();
        var result = await committer.CommitAsync(
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
