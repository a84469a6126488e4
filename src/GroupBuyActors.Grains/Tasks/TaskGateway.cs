using GroupBuyActors.Placement;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime.Services;

namespace GroupBuyActors.Tasks;

/// <summary>Answers the calls between silos about tasks on this silo.</summary>
[Reentrant]
internal sealed class TaskGateway(
    GrainId id,
    Silo silo,
    ILoggerFactory logs,
    LocalTaskScheduler scheduler,
    OwnedShards owned,
    OwnedTaskOperations operations,
    TaskPolicyRegistry policies
) : GrainService(id, silo, logs), ITaskGateway
{
    public Task<string[]> Accept(ForwardedTask[] tasks, string[] removed)
    {
        foreach (var gone in removed)
            scheduler.Remove(gone);
        return Task.FromResult(
            tasks.Where(task => !scheduler.Add(task.Task(), mayHaveBegun: true)).Select(task => task.TaskId).ToArray()
        );
    }

    public Task<string[]> Running(string[] ids) => Task.FromResult(Array.FindAll(ids, scheduler.IsRunning));

    public Task<TaskSituation> Explain(string taskId)
    {
        var (where, task) = scheduler.Find(taskId);
        if (task is not null)
            return Task.FromResult(
                new TaskSituation(
                    where,
                    owned.EpochOf(task.Stored.Key.Shard),
                    task.LoadedAt,
                    task.FiresAt,
                    task.BegunAt
                )
            );
        var epoch = TaskIds.TryGetShard(taskId, out var shard) ? owned.EpochOf(shard) : 0;
        return Task.FromResult(new TaskSituation(where, epoch));
    }

    public Task<TaskChangeOutcome> Cancel(string taskId) => operations.CancelAsync(taskId);

    public Task<TaskChangeOutcome> Move(string taskId, DateTimeOffset? at) => operations.MoveAsync(taskId, at);

    public Task<TaskChangeOutcome> SetWeight(string taskId, int weight) => operations.SetWeightAsync(taskId, weight);

    public Task<TaskChangeOutcome> Redrive(string taskId) => operations.RedriveAsync(taskId);

    public Task PoliciesChanged()
    {
        policies.RunSoon();
        return Task.CompletedTask;
    }
}

/// <summary>Returns the task gateway of a silo.</summary>
internal sealed class TaskGateways(IServiceProvider services) : GrainServiceClient<ITaskGateway>(services)
{
    public ITaskGateway Of(SiloAddress silo) => GetGrainService(silo);
}
