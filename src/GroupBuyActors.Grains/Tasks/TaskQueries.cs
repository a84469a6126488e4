using GroupBuyActors.Placement;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Tasks;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Timed tasks for operators. Pending tasks are in the table; whether one is in memory or runs is known by its owner;
/// ended tasks are in the table of outcomes, or follow from their actor's journal.
/// </summary>
internal sealed class TaskQueries(
    ITaskStore store,
    ITaskOutcomes outcomes,
    IEnumerable<ICompletedTasks> completed,
    TaskOwners owners,
    TaskTimeline timeline,
    TaskPolicyRegistry policies,
    OwnedShards owned
)
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Lists pending and running tasks, the latest due first; with a status of ended tasks, those, the latest ended
    /// first. A task that was completed by an event of its group has no row; <see cref="FindAsync"/> finds it through
    /// the group.
    /// </summary>
    public async Task<Page<TaskReport>> ListAsync(
        TaskFilter filter,
        string? status,
        string? after,
        int limit,
        CancellationToken cancellation
    )
    {
        // A task whose tries are used up is dead; none ends as failed.
        if (status == "failed")
            return after is null
                ? new Page<TaskReport>([], null)
                : throw new FormatException("The page token is not valid for this list.");
        if (status is not (null or "pending" or "running"))
            return await SearchAsync(
                new TaskOutcomeFilter
                {
                    Status = StatusOf(status),
                    Type = filter.Type,
                    Shard = filter.Shard,
                    Actor = filter.Actor,
                },
                after,
                limit,
                cancellation
            );
        var page = await store.ListAsync(filter, after, limit, cancellation);
        var running = await RunningAsync(page.Items, cancellation);
        var reports = page.Items.Select(task => ReportOf(task, running.Contains(task.Key.Id)));
        return new Page<TaskReport>([.. reports.Where(report => status is null || report.Status == status)], page.Next);
    }

    /// <summary>Lists ended tasks such as dead letters, newest first.</summary>
    public async Task<Page<TaskReport>> SearchAsync(
        TaskOutcomeFilter filter,
        string? after,
        int limit,
        CancellationToken cancellation
    )
    {
        var page = await outcomes.SearchAsync(filter, after, limit, cancellation);
        return new Page<TaskReport>([.. page.Items.Select(ReportOf)], page.Next);
    }

    /// <summary>
    /// One task with its timeline, also a completed task of a group (status success or cancelled), which follows from
    /// the journal. Null if unknown.
    /// </summary>
    public async Task<TaskReport?> FindAsync(string taskId, CancellationToken cancellation)
    {
        if (!TaskIds.IsId(taskId))
            return null;
        if (await store.FindAsync(taskId, cancellation) is { } task)
            return await timeline.WithTimelineAsync(ReportOf(task, running: false), task, cancellation);
        if (await outcomes.FindAsync(taskId, cancellation) is { } ending)
            return await timeline.WithTimelineAsync(Since(ReportOf(ending)), null, cancellation);
        foreach (var source in completed)
            if (await source.FindAsync(taskId, cancellation) is { } done)
                return await timeline.WithTimelineAsync(done, null, cancellation);
        return null;
    }

    private async Task<HashSet<string>> RunningAsync(IReadOnlyList<TimedTask> tasks, CancellationToken cancellation)
    {
        var asked = tasks
            .GroupBy(task => owners.Of(task.Key.Shard))
            .Where(home => home.Key is not null)
            .Select(async home =>
            {
                try
                {
                    string[] ids = [.. home.Select(task => task.Key.Id)];
                    return await owners.CallAsync(home.Key!, owner => owner.Running(ids), AnswerWithin, cancellation);
                }
                catch (Exception) when (!cancellation.IsCancellationRequested)
                {
                    // The owner does not answer, so its tasks are reported as pending, which they are again if it has
                    // left.
                    return [];
                }
            });
        return (await Task.WhenAll(asked)).SelectMany(ids => ids).ToHashSet();
    }

    private TaskReport ReportOf(TimedTask task, bool running)
    {
        var policy = policies.Of(task.Type);
        return new TaskReport
        {
            TaskId = task.Key.Id,
            TaskType = task.Type,
            ExecuteAt = task.Key.Due,
            Status = running ? "running" : "pending",
            RetryCount = task.Attempts,
            MaxRetry = policy.Retry.RetryCountMax,
            Version = task.Version,
            PriorityWeight = policy.Weight + task.Weight,
            Weight = task.Weight,
            Ttl = policy.Retry.TimeToLive,
            Shard = task.Key.Shard,
            Epoch = owned.EpochOf(task.Key.Shard) is > 0 and var epoch ? epoch : null,
            GroupId = task.Actor?.Group,
            NextAt = task.NextAt,
            TraceContext = task.Trace,
            LastError = task.LastError,
        };
    }

    private TaskReport ReportOf(TaskOutcome ending)
    {
        var policy = policies.Of(ending.Type);
        return new TaskReport
        {
            TaskId = ending.TaskId,
            TaskType = ending.Type,
            ExecuteAt = ending.Due,
            Status = TextOf(ending.Status),
            RetryCount = ending.Attempts,
            MaxRetry = policy.Retry.RetryCountMax,
            Version = ending.Version,
            PriorityWeight = policy.Weight,
            Ttl = policy.Retry.TimeToLive,
            Shard = ending.Shard,
            GroupId = ending.Actor?.Group,
            TraceContext = ending.Trace,
            LastError = ending.Error,
            EndedAt = ending.EndedAt,
            RedrivenAt = ending.RedrivenAt,
            DismissedAt = ending.DismissedAt,
        };
    }

    /// <summary>
    /// A dead letter that was redriven and has neither a row nor another outcome has succeeded.
    /// </summary>
    private static TaskReport Since(TaskReport ended) =>
        ended.RedrivenAt is null ? ended : ended with { Status = "success" };

    private static string TextOf(TaskOutcomeStatus status) => status.ToString().ToLowerInvariant();

    private static TaskOutcomeStatus StatusOf(string text) => Enum.Parse<TaskOutcomeStatus>(text, ignoreCase: true);
}
