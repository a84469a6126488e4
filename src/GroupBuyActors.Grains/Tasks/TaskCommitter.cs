using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;

namespace GroupBuyActors.Tasks;

/// <summary>What a commit of a task alone changes.</summary>
internal readonly record struct TaskChanges()
{
    /// <summary>Rows that go.</summary>
    public IReadOnlyList<TaskKey> Removals { get; init; } = [];

    /// <summary>Rows that come.</summary>
    public IReadOnlyList<TimedTask> Schedules { get; init; } = [];

    /// <summary>Rows that stay where they are and change.</summary>
    public IReadOnlyList<TimedTask> Updates { get; init; } = [];

    /// <summary>Outcomes that are recorded.</summary>
    public IReadOnlyList<TaskOutcome> Outcomes { get; init; } = [];
}

/// <summary>
/// Commits of a task alone, each under a version of it: of two under the same version, whether of two owners or of a
/// run and a change by hand, the first that lands refuses the other.
/// </summary>
internal sealed class TaskCommitter(ICommitter committer, IdGenerator ids)
{
    /// <summary>
    /// False where a commit under this version has landed already. Throws where the store cannot take it, or does not
    /// say whether it has.
    /// </summary>
    public async Task<bool> CommitAsync(TaskRun run, TaskChanges changes)
    {
        var reservation =
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
