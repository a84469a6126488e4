using Orleans.Services;

namespace GroupBuyActors.Tasks;

/// <summary>
/// The calls between silos about tasks: made to the owner of a shard, or to all silos about policies.
/// </summary>
[Alias("groupbuy.ITaskGateway")]
internal interface ITaskGateway : IGrainService
{
    /// <summary>Takes near tasks of shards this silo owns; gives the ids of those whose shards it does not.</summary>
    [Alias("Accept")]
    Task<string[]> Accept(ForwardedTask[] tasks, string[] removed);

    /// <summary>Which of these tasks are being run here now.</summary>
    [Alias("Running")]
    Task<string[]> Running(string[] ids);

    /// <summary>Where a task is here, and what it waits for.</summary>
    [Alias("Explain")]
    Task<TaskSituation> Explain(string taskId);

    /// <summary>Calls a task off; see <see cref="TaskOperations"/>.</summary>
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
