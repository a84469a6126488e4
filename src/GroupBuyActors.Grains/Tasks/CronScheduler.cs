using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Schedules;
using GroupBuyActors.Store.Tasks;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Stores the firings of every schedule in force, for each shard. Each run schedules its shard's next firing in the
/// commit that completes it, so that a shard's runs follow each other. A shard that is taken gets its first firing if
/// it has none. A firing's key follows from schedule, shard and time, so that inserting it again changes nothing; a
/// firing that an operator moved is found by its id, because otherwise it would be stored twice.
/// <para>
/// After a schedule was added or replaced, here or by a restart with another configuration, its shards get their first
/// firings under the new definition. A firing of the old definition ends when it fires, unless the new definition fires
/// at exactly that time, too: then it is run according to the new one. Each firing of a removed schedule ends when it
/// fires, and none follows.
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

    // Payloads of schedules may be large, so commits are limited by their bytes, too. The rest of the smallest commit
    // is for what else it contains.
    private const int BytesMax = CommitBytes.LeastMax - 16 * 1024;
    private readonly Lock _gate = new();
    private readonly HashSet<(string Schedule, ShardId Shard)> _wanted = [];

    /// <summary>The number of shards' firings that are not stored yet.</summary>
    internal int Wanted
    {
        get
        {
            lock (_gate)
                return _wanted.Count;
        }
    }

    /// <summary>
    /// Records that these shards were taken and need their firings; the next <see cref="SeedAsync"/> stores them.
    /// </summary>
    public void Want(IReadOnlyCollection<ShardId> shards) => Want(registry.Current.All, shards);

    /// <summary>Records that these schedules are new or changed in these shards.</summary>
    public void Want(IEnumerable<Schedule> schedules, IReadOnlyCollection<ShardId> shards)
    {
        lock (_gate)
            foreach (var schedule in schedules)
                _wanted.UnionWith(shards.Where(schedule.Definition.RunsIn).Select(shard => (schedule.Name, shard)));
    }

    /// <summary>Stores the wanted firings; those that cannot be stored stay wanted.</summary>
    public async Task SeedAsync(CancellationToken cancellation)
    {
        (string Schedule, ShardId Shard)[] wanted;
        lock (_gate)
            wanted = [.. _wanted];
        // A commit has rows of one database, and one that is away does not keep the others from their firings.
        foreach (var database in wanted.GroupBy(first => committer.DatabaseOf(first.Shard)))
            await SeedDatabaseAsync([.. database], cancellation);
    }

    private async Task SeedDatabaseAsync((string Schedule, ShardId Shard)[] wanted, CancellationToken cancellation)
    {
        foreach (var chunk in wanted.Chunk(StoredAtOnce))
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                var (now, schedules) = (clock.GetUtcNow(), registry.Current);
                List<TimedTask> firings =
                [
                    .. chunk
                        .Select(first => schedules.Find(first.Schedule)?.Next(first.Shard, now))
                        .OfType<TimedTask>(),
                ];
                var present = (
                    await store.PresentAsync([.. firings.Select(firing => firing.Key.Id)], cancellation)
                ).ToHashSet(StringComparer.Ordinal);
                foreach (var part in Parts(firings.Where(firing => !present.Contains(firing.Key.Id))))
                    if (!await StoreAsync(part))
                        return;
                lock (_gate)
                    _wanted.ExceptWith(chunk);
            }
            catch (Exception e)
            {
                TaskLog.FiringsNotSeeded(log, e);
                return;
            }
        }
    }

    /// <summary>
    /// The end of a firing that is not to be run; null if it is to be run. A firing that was delayed by an operator or
    /// by a failure is run as long as its schedule exists.
    /// </summary>
    public HandlerResult? SkipIfOutdated(DueTask due, DateTimeOffset firing)
    {
        var (task, shard) = (due.Task, due.Task.Key.Shard);
        if (ScheduleOf(task) is not { } schedule)
            return Skipped(due, "schedule-removed", null);
        if (task.Key.Due != firing)
            return null;
        if (schedule.SkipReason(shard, firing, due.Now) is not { } reason)
            return Renewed(due, schedule.Firing(shard, firing));
        return Skipped(
            due,
            reason,
            reason == SpreadSchedule.Changed ? null : schedule.Next(shard, firing > due.Now ? firing : due.Now)
        );
    }

    /// <summary>
    /// The end of a run: its shard's next firing, and the skipped ones with the reason, so that operators see why they
    /// did not run. A firing that an operator brought forward was run in addition to the schedule: it fires again at
    /// its own time.
    /// </summary>
    public HandlerResult Conclude(DueTask due, DateTimeOffset firing)
    {
        var (task, shard, now) = (due.Task, due.Task.Key.Shard, clock.GetUtcNow());
        // The schedule was removed during the run: nothing follows.
        if (ScheduleOf(task) is not { } schedule)
            return new HandlerResult.Finished();
        var wasMovedEarlier = task.Key.Due < firing;
        var plan = schedule.After(shard, firing, wasMovedEarlier ? task.Key.Due : firing, due.Now, now);
        // If it fires again under its own id, it needs a later version, because the run has used the present one.
        var version = wasMovedEarlier ? task.Version + 1 : 1;
        return new HandlerResult.Finished
        {
            Schedules = plan.Next is { } next ? [schedule.Firing(shard, next) with { Version = version }] : [],
            Outcomes =
            [
                .. Bounded(plan.Skipped, schedule.Firing(shard, firing).Payload.Length)
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
    /// What follows a task that ends without its run, because it was cancelled or is too old: the shard's next firing,
    /// without which the schedule would never fire there again. Nothing for a task that is not a firing.
    /// </summary>
    public IReadOnlyList<TimedTask> Following(TimedTask task, DateTimeOffset now)
    {
        if (ScheduleOf(task) is not { } schedule)
            return [];
        var firing = FiringOf(task) ?? now;
        return schedule.Next(task.Key.Shard, firing > now ? firing : now) is { } next ? [next] : [];
    }

    private static HandlerResult.Finished Skipped(DueTask due, string reason, TimedTask? next) =>
        new()
        {
            Schedules = next is null ? [] : [next],
            Outcomes = [TaskOutcome.Of(due.Task, TaskOutcomeStatus.Expired, due.Now, reason)],
        };

    /// <summary>
    /// If a firing was stored under a former definition with another task type or payload: the same firing under the
    /// definition in force, a second later. It is another row, with the id of that second, because the replaced one is
    /// in memory until its end is stored.
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
            // It cannot be read, so the schedule continues from now.
            return null;
        }
    }

    /// <summary>
    /// The latest of them, as many as fit into any commit, and the oldest for all that are not listed.
    /// </summary>
    private static IEnumerable<SkippedFiring> Bounded(IReadOnlyList<SkippedFiring> skipped, int payloadLength)
    {
        var max = Math.Min(ReportedMax, BytesMax / CommitBytes.OfOutcome(payloadLength, "misfire-skipped"));
        return skipped.Count <= max
            ? skipped
            : [skipped[0] with { Reason = "misfire-older" }, .. skipped.Skip(skipped.Count - max + 1)];
    }

    /// <summary>Firings in parts that each fit into one commit.</summary>
    internal static IEnumerable<List<TimedTask>> Parts(IEnumerable<TimedTask> firings)
    {
        var (part, bytes) = (new List<TimedTask>(), 0);
        foreach (var firing in firings)
        {
            if (part.Count > 0 && bytes + CommitBytes.OfTask(firing) > BytesMax)
            {
                yield return part;
                (part, bytes) = ([], 0);
            }
            part.Add(firing);
            bytes += CommitBytes.OfTask(firing);
        }
        if (part.Count > 0)
            yield return part;
    }

    private async Task<bool> StoreAsync(List<TimedTask> firings)
    {
        using var reservation = committer.TryReserve(firings[0].Key.Shard);
        if (reservation is null)
            return false;
        // The run has an id of its own each time, so that the commit is not refused if the same firings were stored
        // before.
        var id = ids.NextCommitId();
        var result = await committer.CommitAsync(
            reservation,
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
