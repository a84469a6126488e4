using GroupBuyActors.Store.Reading;
using GroupBuyActors.Store.Tasks;

namespace GroupBuyActors.Tasks;

/// <summary>A timed task as operators see it; names follow SPEC section 3.</summary>
public sealed record TaskReport
{
    /// <summary>The task's id.</summary>
    public required string TaskId { get; init; }
    /// <summary>See <see cref="TaskTypes"/>.</summary>
    public required string TaskType { get; init; }
    /// <summary>When it is to run.</summary>
    public required DateTimeOffset ExecuteAt { get; init; }
    /// <summary><c>pending, running, success, failed, cancelled, expired, dead</c>.</summary>
    public required string Status { get; init; }
    /// <summary>Tries made that are recorded.</summary>
    public required int RetryCount { get; init; }
    /// <summary>Tries allowed; null without end.</summary>
    public int? MaxRetry { get; init; }
    /// <summary>Optimistic version.</summary>
    public required int Version { get; init; }
    /// <summary>Weight in the order among due tasks.</summary>
    public int PriorityWeight { get; init; }
    /// <summary>How long after its due time it is still worth running; null for ever.</summary>
    public TimeSpan? Ttl { get; init; }
    /// <summary>Its shard.</summary>
    public required ShardId Shard { get; init; }
    /// <summary>The epoch of its shard's ownership, null where not known.</summary>
    public long? Epoch { get; init; }
    /// <summary>The group it is about, or null.</summary>
    public GroupId? GroupId { get; init; }
    /// <summary>The next try.</summary>
    public DateTimeOffset? NextAt { get; init; }
    /// <summary>W3C traceparent or null.</summary>
    public string? TraceContext { get; init; }
    /// <summary>Why the last try failed, or null.</summary>
    public string? LastError { get; init; }
}

/// <summary>Timed tasks for operators.</summary>
public interface ITaskDirectory
{
    /// <summary>Pending and running tasks, the latest due first. A status that no pending task can have gives an empty page.</summary>
    Task<Page<TaskReport>> ListAsync(TaskFilter filter, string? status, string? after, int limit, CancellationToken cancellation);

    /// <summary>One task; a task of a group that is done is told by the journal (status success or cancelled). Null where unknown.</summary>
    Task<TaskReport?> FindAsync(string taskId, CancellationToken cancellation);
}
