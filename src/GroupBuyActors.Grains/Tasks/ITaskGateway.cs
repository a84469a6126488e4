using GroupBuyActors.Groups;
using GroupBuyActors.Membership;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime.Services;
using Orleans.Services;

namespace GroupBuyActors.Tasks;

/// <summary>What silos say to each other about tasks.</summary>
[Alias("groupbuy.ITaskGateway")]
internal interface ITaskGateway : IGrainService
{
    /// <summary>Takes near tasks of shards this silo owns; gives the ids of those whose shards it does not.</summary>
    [Alias("Accept")]
    Task<string[]> Accept(ForwardedTask[] tasks, string[] removed);

    /// <summary>What runs here.</summary>
    [Alias("Describe")]
    Task<SiloDescription> Describe();

    /// <summary>
    /// The caller misses shards that this silo owns: it compares the table with what is at home here.
    /// </summary>
    [Alias("Review")]
    Task Review();

    /// <summary>Which of these tasks are being run here now.</summary>
    [Alias("Running")]
    Task<string[]> Running(string[] ids);

    /// <summary>Where a task is here, and what it waits for.</summary>
    [Alias("Explain")]
    Task<TaskSituation> Explain(string taskId);

    /// <summary>Calls a task off; see <see cref="ITaskOperations"/>.</summary>
    [Alias("Cancel")]
    Task<TaskChangeOutcome> Cancel(string taskId);

    /// <summary>Gives a pending task another time; null: now.</summary>
    [Alias("Move")]
    Task<TaskChangeOutcome> Move(string taskId, DateTimeOffset? at);

    /// <summary>Gives a pending task another weight of its own.</summary>
    [Alias("Weigh")]
    Task<TaskChangeOutcome> SetWeight(string taskId, int weight);

    /// <summary>Schedules a dead letter anew.</summary>
    [Alias("Redrive")]
    Task<TaskChangeOutcome> Redrive(string taskId);

    /// <summary>A policy was changed: it is read again.</summary>
    [Alias("PoliciesChanged")]
    Task PoliciesChanged();
}

/// <summary>Where a task is on the silo that owns its shard, and since when.</summary>
/// <param name="Where">In memory or not, and in which stage.</param>
/// <param name="Epoch">The epoch in which this silo owns its shard, 0 where it does not.</param>
/// <param name="LoadedAt">When it came into memory, or null.</param>
/// <param name="FiresAt">When it fires or fired, or null.</param>
/// <param name="BegunAt">When its run began, or null.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.TaskSituation")]
internal sealed record TaskSituation(
    [property: Id(0)] TaskLocation Where,
    [property: Id(1)] long Epoch,
    [property: Id(2)] DateTimeOffset? LoadedAt = null,
    [property: Id(3)] DateTimeOffset? FiresAt = null,
    [property: Id(4)] DateTimeOffset? BegunAt = null
);

/// <summary>What runs on a silo.</summary>
/// <param name="Groups">Groups active.</param>
/// <param name="Shards">Shards owned.</param>
/// <param name="Backlog">Due tasks by shard index; shards without any are left out.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.SiloDescription")]
internal sealed record SiloDescription(
    [property: Id(0)] int Groups,
    [property: Id(1)] int Shards,
    [property: Id(2)] Dictionary<int, int> Backlog
);

/// <summary>A timed task on its way between silos.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.ForwardedTask")]
internal sealed record ForwardedTask
{
    [Id(0)]
    public required ShardId Shard { get; init; }

    [Id(1)]
    public required DateTimeOffset Due { get; init; }

    [Id(2)]
    public required string TaskId { get; init; }

    [Id(3)]
    public required string Type { get; init; }

    [Id(4)]
    public required byte[] Payload { get; init; }

    [Id(5)]
    public required DateTimeOffset NextAt { get; init; }

    [Id(6)]
    public int Attempts { get; init; }

    [Id(7)]
    public int Version { get; init; }

    [Id(8)]
    public string? Trace { get; init; }

    [Id(9)]
    public string? LastError { get; init; }

    [Id(10)]
    public int Weight { get; init; }

    [Id(11)]
    public DateTimeOffset? FirstDue { get; init; }

    public static ForwardedTask Of(TimedTask task) =>
        new()
        {
            Shard = task.Key.Shard,
            Due = task.Key.Due,
            TaskId = task.Key.Id,
            Type = task.Type,
            Payload = task.Payload.ToArray(),
            NextAt = task.NextAt,
            Attempts = task.Attempts,
            Version = task.Version,
            Trace = task.Trace,
            LastError = task.LastError,
            Weight = task.Weight,
            FirstDue = task.FirstDue,
        };

    public TimedTask Task() =>
        new()
        {
            Key = new TaskKey(Shard, Due, TaskId),
            Type = Type,
            Actor = TaskIds.TryGetActor(TaskId, out var actor) ? actor : null,
            Payload = Payload,
            NextAt = NextAt,
            Attempts = Attempts,
            Version = Version,
            Trace = Trace,
            LastError = LastError,
            Weight = Weight,
            FirstDue = FirstDue,
        };
}

/// <summary>This silo's end of the talk between silos.</summary>
[Reentrant]
internal sealed class TaskGateway(
    GrainId id,
    Silo silo,
    ILoggerFactory logs,
    LocalTaskScheduler near,
    GroupServices groups,
    ClusterReconciler keeper,
    TaskOperations operations,
    TaskPolicyRegistry policies
) : GrainService(id, silo, logs), ITaskGateway
{
    public Task<string[]> Accept(ForwardedTask[] tasks, string[] removed)
    {
        foreach (var gone in removed)
            near.Remove(gone);
        return Task.FromResult(
            tasks
                .Where(carried => !near.Add(carried.Task(), mayHaveBegun: true))
                .Select(carried => carried.TaskId)
                .ToArray()
        );
    }

    public Task<SiloDescription> Describe() =>
        Task.FromResult(
            new SiloDescription(
                groups.Active,
                near.Owned,
                near.Backlog().ToDictionary(shard => shard.Key.Index, shard => shard.Value)
            )
        );

    public Task Review()
    {
        keeper.Review();
        return Task.CompletedTask;
    }

    public Task<string[]> Running(string[] ids) => Task.FromResult(Array.FindAll(ids, near.IsRunning));

    public Task<TaskSituation> Explain(string taskId)
    {
        var (where, task) = near.Find(taskId);
        if (task is not null)
            return Task.FromResult(
                new TaskSituation(where, near.EpochOf(task.Stored.Key.Shard), task.LoadedAt, task.FiresAt, task.BegunAt)
            );
        var epoch = TaskIds.TryGetShard(taskId, out var shard) ? near.EpochOf(shard) : 0;
        return Task.FromResult(new TaskSituation(where, epoch));
    }

    public Task<TaskChangeOutcome> Cancel(string taskId) => operations.CancelHereAsync(taskId);

    public Task<TaskChangeOutcome> Move(string taskId, DateTimeOffset? at) => operations.MoveHereAsync(taskId, at);

    public Task<TaskChangeOutcome> SetWeight(string taskId, int weight) =>
        operations.SetWeightHereAsync(taskId, weight);

    public Task<TaskChangeOutcome> Redrive(string taskId) => operations.RedriveHereAsync(taskId);

    public Task PoliciesChanged()
    {
        policies.RunSoon();
        return Task.CompletedTask;
    }
}

/// <summary>The way to the gateway of a silo.</summary>
internal sealed class TaskGateways(IServiceProvider services) : GrainServiceClient<ITaskGateway>(services)
{
    public ITaskGateway Of(SiloAddress silo) => GetGrainService(silo);
}
