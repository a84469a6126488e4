using Orleans.Services;

namespace GroupBuyActors.Tasks;

/// <summary>
/// The calls between silos about tasks: to the owner of a shard, or to all silos about policies.
/// </summary>
[Alias("groupbuy.ITaskGateway")]
internal interface ITaskGateway : IGrainService
{
    /// <summary>
    /// Takes over tasks that are due within the horizon, and drops removed ones. Returns the ids of tasks whose shards
    /// this silo does not own.
    /// </summary>
    [Alias("Accept")]
    Task<string[]> Accept(ForwardedTask[] tasks, string[] removed);

    /// <summary>Returns those of these tasks that are running here now.</summary>
    [Alias("Running")]
    Task<string[]> Running(string[] ids);

    /// <summary>Returns where a task is on this silo, and since when.</summary>
    [Alias("Explain")]
    Task<TaskSituation> Explain(string taskId);

    /// <summary>Cancels a task; see <see cref="TaskOperations"/>.</summary>
    [Alias("Cancel")]
    Task<TaskChangeOutcome> Cancel(string taskId);

    /// <summary>Moves a pending task to another time; null means now.</summary>
    [Alias("Move")]
    Task<TaskChangeOutcome> Move(string taskId, DateTimeOffset? at);

    /// <summary>Sets a pending task's own weight.</summary>
    [Alias("Weigh")]
    Task<TaskChangeOutcome> SetWeight(string taskId, int weight);

    /// <summary>Schedules a dead letter anew.</summary>
    [Alias("Redrive")]
    Task<TaskChangeOutcome> Redrive(string taskId);

    /// <summary>Reports that a policy was changed, so that policies are read again.</summary>
    [Alias("PoliciesChanged")]
    Task PoliciesChanged();
}

/// <summary>The location of a task on the silo that owns its shard, and since when.</summary>
/// <param name="Where">The location.</param>
/// <param name="Epoch">The epoch in which this silo owns its shard; 0 if it does not own it.</param>
/// <param name="LoadedAt">When it was loaded into memory, or null.</param>
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
