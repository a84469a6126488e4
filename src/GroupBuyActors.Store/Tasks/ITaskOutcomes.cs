using GroupBuyActors.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>Which outcomes to find; null: any. All given conditions must be true.</summary>
internal sealed record TaskOutcomeFilter
{
    /// <summary>The status.</summary>
    public TaskOutcomeStatus? Status { get; init; }

    /// <summary>The task type's name.</summary>
    public string? Type { get; init; }

    /// <summary>The account.</summary>
    public long? Account { get; init; }

    /// <summary>The task's actor.</summary>
    public ActorId? Actor { get; init; }

    /// <summary>The task's shard.</summary>
    public ShardId? Shard { get; init; }

    /// <summary>Ended at or after this time.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Ended before this time.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>A text that the error contains; case-sensitive.</summary>
    public string? ErrorContains { get; init; }

    /// <summary>True: only redriven ones; false: only others.</summary>
    public bool? Redriven { get; init; }

    /// <summary>Redriven at or after this time.</summary>
    public DateTimeOffset? RedrivenFrom { get; init; }

    /// <summary>True: only dismissed ones; false: only others.</summary>
    public bool? Dismissed { get; init; }
}

/// <summary>The result of one maintenance of the outcomes.</summary> <param name="Made">Partitions created; always 0 on
/// SQLite, which has none.</param>
/// <param name="Dropped">Partitions dropped; on SQLite, days whose rows were deleted.</param>
/// <param name="Complete">False if another silo was doing it, or if a lock prevented it: the next maintenance does the
/// rest.</param>
internal readonly record struct TaskOutcomeMaintenance(int Made, int Dropped, bool Complete);

/// <summary>Reads and maintains the outcomes of tasks. They are written by commits only (<c>Commit.Ends</c>).</summary>
internal interface ITaskOutcomes
{
    /// <summary>The newest outcome of a task, or null.</summary>
    Task<TaskOutcome?> FindAsync(string taskId, CancellationToken cancellation);

    /// <summary>
    /// Outcomes, newest first. A page reads a bounded number of rows: with a filter that few rows match it may be
    /// shorter than <paramref name="limit"/>, or empty, and still have a next page. An invalid page token throws
    /// <see cref="FormatException"/>.
    /// </summary>
    Task<Page<TaskOutcome>> SearchAsync(
        TaskOutcomeFilter filter,
        string? after,
        int limit,
        CancellationToken cancellation
    );

    /// <summary>The number of outcomes that match, at most <paramref name="max"/>.</summary>
    Task<int> CountAsync(TaskOutcomeFilter filter, int max, CancellationToken cancellation);

    /// <summary>
    /// Marks outcomes as redriven; those marked before keep their time. Returns how many were not marked before.
    /// </summary>
    Task<int> MarkRedrivenAsync(
        IReadOnlyCollection<TaskOutcomeKey> keys,
        DateTimeOffset at,
        CancellationToken cancellation
    );

    /// <summary>
    /// Marks outcomes as dismissed: nothing more is to be done about them. Those marked before keep their time,
    /// redriven ones are not changed. Returns how many were not marked before.
    /// </summary>
    Task<int> DismissAsync(IReadOnlyCollection<TaskOutcomeKey> keys, DateTimeOffset at, CancellationToken cancellation);

    /// <summary>
    /// Creates partitions up to <paramref name="aheadDays"/> days after <paramref name="today"/> (UTC) and drops those
    /// whose days are all more than <paramref name="keepDays"/> before it. Dead letters of the
    /// <paramref name="undecidedTypes"/> stay until they are redriven or dismissed, and are removed
    /// <paramref name="keepDays"/> days after that. May run at any time, on several silos at the same time; what is
    /// done already is not repeated.
    /// </summary>
    Task<TaskOutcomeMaintenance> MaintainAsync(
        DateOnly today,
        int keepDays,
        int aheadDays,
        IReadOnlyCollection<string> undecidedTypes,
        CancellationToken cancellation
    );
}
