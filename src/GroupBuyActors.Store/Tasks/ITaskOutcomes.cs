using GroupBuyActors.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>Which endings to look for; null = any. All that is given must hold.</summary>
internal sealed record TaskOutcomeFilter
{
    /// <summary>How they ended.</summary>
    public TaskOutcomeStatus? Status { get; init; }

    /// <summary>Of this type.</summary>
    public string? Type { get; init; }

    /// <summary>Of this account.</summary>
    public long? Account { get; init; }

    /// <summary>About this actor.</summary>
    public ActorId? Actor { get; init; }

    /// <summary>Of this shard.</summary>
    public ShardId? Shard { get; init; }

    /// <summary>Ended at or after.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Ended before.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Whose error holds this text; capitals count.</summary>
    public string? ErrorContains { get; init; }

    /// <summary>True: only those that were redriven; false: only those that were not.</summary>
    public bool? Redriven { get; init; }

    /// <summary>True: only those that were dismissed; false: only those that were not.</summary>
    public bool? Dismissed { get; init; }
}

/// <summary>What one upkeep of the endings did.</summary>
/// <param name="Made">Partitions made; always 0 on SQLite, which has none.</param>
/// <param name="Dropped">Partitions dropped; on SQLite, days whose rows were deleted.</param>
/// <param name="Complete">False where another silo was at it, or a lock in the way: the next upkeep does what is
/// left.</param>
internal readonly record struct TaskOutcomeMaintenance(int Made, int Dropped, bool Complete);

/// <summary>Reads and keeps the endings of tasks. They are written by commits only (<c>Commit.Ends</c>).</summary>
internal interface ITaskOutcomes
{
    /// <summary>The newest ending of a task, or null.</summary>
    Task<TaskOutcome?> FindAsync(string taskId, CancellationToken cancellation);

    /// <summary>
    /// Endings, newest first. A page looks at a bounded number of rows: one of a filter that few rows pass may be
    /// shorter than <paramref name="limit"/>, or empty, and still name the next. A mark that is none throws
    /// <see cref="FormatException"/>.
    /// </summary>
    Task<Page<TaskOutcome>> SearchAsync(
        TaskOutcomeFilter filter,
        string? after,
        int limit,
        CancellationToken cancellation
    );

    /// <summary>How many endings pass, at most <paramref name="max"/>.</summary>
    Task<int> CountAsync(TaskOutcomeFilter filter, int max, CancellationToken cancellation);

    /// <summary>
    /// Notes that endings were redriven; those noted before keep their time. Gives how many were not noted before.
    /// </summary>
    Task<int> MarkRedrivenAsync(
        IReadOnlyCollection<TaskOutcomeKey> keys,
        DateTimeOffset at,
        CancellationToken cancellation
    );

    /// <summary>
    /// Notes that nothing more is to be done about endings; those noted before keep their time, redriven ones are left.
    /// Gives how many were not noted before.
    /// </summary>
    Task<int> DismissAsync(IReadOnlyCollection<TaskOutcomeKey> keys, DateTimeOffset at, CancellationToken cancellation);

    /// <summary>
    /// Makes partitions up to <paramref name="aheadDays"/> days after <paramref name="today"/> (UTC) and drops those
    /// whose days are all more than <paramref name="keepDays"/> before it. Dead letters of the
    /// <paramref name="undecidedTypes"/> of which nobody has decided stay, and go that many days after they were
    /// redriven or dismissed. May run at any time, on several silos
    /// at once; what is done already is left.
    /// </summary>
    Task<TaskOutcomeMaintenance> MaintainAsync(
        DateOnly today,
        int keepDays,
        int aheadDays,
        IReadOnlyCollection<string> undecidedTypes,
        CancellationToken cancellation
    );
}
