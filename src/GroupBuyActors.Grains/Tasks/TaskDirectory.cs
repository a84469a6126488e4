using GroupBuyActors.Placement;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Store.Tasks;

namespace GroupBuyActors.Tasks;

/// <summary>Pending tasks are in the table; whether one runs is known by its owner; what is done is told by the group's journal.</summary>
internal sealed class TaskDirectory(
    ITaskStore store, IGroupReader groups, Homes homes, TaskGateways gateways, NearTasks near, TimeProvider time) : ITaskDirectory
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);

    public async Task<Page<TaskReport>> ListAsync(TaskFilter filter, string? status, string? after, int limit, CancellationToken cancellation)
    {
        if (status is not (null or "pending" or "running")) return new Page<TaskReport>([], null);
        var page = await store.ListAsync(filter, after, limit, cancellation);
        var running = await RunningAsync(page.Items, cancellation);
        var reports = page.Items.Select(task => ReportOf(task, running.Contains(task.Key.Id)));
        return new Page<TaskReport>([.. reports.Where(report => status is null || report.Status == status)], page.Next);
    }

    public async Task<TaskReport?> FindAsync(string taskId, CancellationToken cancellation)
    {
        if (await store.FindAsync(taskId, cancellation) is { } task)
            return ReportOf(task, (await RunningAsync([task], cancellation)).Contains(taskId));
        return TaskIds.TryGetGroup(taskId, out var group) ? await DoneTasks.FindAsync(groups, group, taskId, cancellation) : null;
    }

    private async Task<HashSet<string>> RunningAsync(IReadOnlyList<TimedTask> tasks, CancellationToken cancellation)
    {
        var asked = tasks.GroupBy(task => homes.Of(task.Key.Shard)).Where(home => home.Key is not null).Select(async home =>
        {
            try
            {
                return await gateways.Of(home.Key!).Running([.. home.Select(task => task.Key.Id)]).WaitAsync(AnswerWithin, time, cancellation);
            }
            catch (Exception) when (!cancellation.IsCancellationRequested)
            {
                // Its owner does not answer: whatever it runs counts as pending, which it will be again if the owner is gone.
                return [];
            }
        });
        return (await Task.WhenAll(asked)).SelectMany(ids => ids).ToHashSet();
    }

    private TaskReport ReportOf(TimedTask task, bool running)
    {
        var policy = TaskPolicies.All.FirstOrDefault(policy => policy.Type == task.Type);
        return new TaskReport
        {
            TaskId = task.Key.Id, TaskType = task.Type, ExecuteAt = task.Key.Due, Status = running ? "running" : "pending", RetryCount = task.Attempts,
            MaxRetry = policy?.Retry.RetryCountMax, Version = task.Version, PriorityWeight = policy?.Weight ?? 0, Ttl = policy?.Retry.TimeToLive,
            Shard = task.Key.Shard, Epoch = near.EpochOf(task.Key.Shard) is > 0 and var epoch ? epoch : null, GroupId = task.Group,
            NextAt = task.NextAt, TraceContext = task.Trace, LastError = task.LastError,
        };
    }
}
