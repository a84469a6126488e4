using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;

namespace GroupBuyActors.Tasks;

/// <summary>The changes of a commit of a task alone.</summary>
internal readonly record struct TaskChanges()
{
    /// <summary>Rows to remove.</summary>
    public IReadOnlyList<TaskKey> Removals { get; init; } = [];

    /// <summary>Rows to insert.</summary>
    public IReadOnlyList<TimedTask> Schedules { get; init; } = [];

    /// <summary>Rows to update in place.</summary>
    public IReadOnlyList<TimedTask> Updates { get; init; } = [];

    /// <summary>Outcomes to record.</summary>
    public IReadOnlyList<TaskOutcome> Outcomes { get; init; } = [];
}

/// <summary>
/// Makes commits of a task alone, each under a version of it: of two under the same version, whether of two owners or
/// of a run and an operator's change, the first wins and the other is refused.
/// </summary>
internal sealed class TaskCommitter(ICommitter committer, IdGenerator ids)
{
    /// <summary>
    /// False if a commit under this version was made before. Throws <see cref="StoreUnavailableException"/> if the
    /// store accepts no commits.
    /// </summary>
    public async Task<bool> CommitAsync(TaskRun run, TaskChanges changes)
    {
        using var reservation =
            committer.TryReserve(run.Key.Shard)
            ?? throw new StoreUnavailableException(
                "The database accepts no more changes at the moment. Try again later."
            );
        var result = await committer.CommitAsync(
            reservation,
            new Commit
            {
                Id = ids.NextCommitId(),
                Shard = run.Key.Shard,
                Token = new ActivationToken(),
                Removals = changes.Removals,
                Schedules = changes.Schedules,
                Updates = changes.Updates,
                Outcomes = changes.Outcomes,
                Run = run,
            }
        );
        return result.Status switch
        {
            CommitStatus.Committed => true,
            CommitStatus.Stale => false,
            _ => throw new StoreUnavailableException("The change could not be stored."),
        };
    }
}
