using GroupBuyActors.Activations;
using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using GroupActor = GroupBuyActors.Activations.DurableActor<
    GroupBuyActors.Groups.GroupState,
    GroupBuyActors.Groups.GroupCommand,
    GroupBuyActors.Groups.CommandResult
>;

namespace GroupBuyActors.Groups;

/// <summary>
/// Repairs a group's tasks, so that everything that its state needs is decided in time. Some decisions need a port, so
/// tasks are repaired instead of deciding here: a missing task is restored, one that is due later than the state needs
/// it is moved to now, and its handler does the rest. Each repair is a commit of tasks alone, under the version of the
/// row that it moves: if a run ends meanwhile, one of the two is refused.
/// </summary>
internal sealed class GroupTaskRepair(
    ActorServices actors,
    ITaskStore tasks,
    TaskPolicyRegistry policies,
    GroupSettings settings,
    IOptions<GrainsOptions> options,
    ILogger<GroupGrain> log
)
{
    private const int TasksMax = 250_000,
        TasksPerCommit = 200,
        TasksAtOnce = 100;

    /// <summary>How long an operator's call waits for the tasks that it has made due.</summary>
    private static readonly TimeSpan DecideBound = TimeSpan.FromSeconds(2);

    /// <summary>A task this little overdue is in progress, not late.</summary>
    private static readonly TimeSpan OnItsWay = TimeSpan.FromMinutes(1);

    /// <summary>
    /// For an operator's call: repairs all tasks, and waits a bounded time for their effects. False if none needed a
    /// repair.
    /// </summary>
    public async Task<bool> RepairAllAsync(GroupActor actor)
    {
        if (!await RepairAsync(actor, spare: null))
            return false;
        var since = actors.Time.GetTimestamp();
        while (!actor.HasEnded && NeededTasks.IsBehind(actor.State, settings, actor.Now))
            if (!await actor.WaitForAdvanceAsync(since, DecideBound))
                break;
        await actor.CommitsCompletedAsync();
        return true;
    }

    /// <summary>
    /// For the backstop: repairs the tasks only if something is overdue for a while.
    /// </summary>
    public async Task RepairOverdueAsync(GroupActor actor)
    {
        if (NeededTasks.IsBehind(actor.State, settings, actor.Now - OnItsWay))
            await RepairAsync(actor, type => policies.Of(type).Retry.LongestDelay);
    }

    /// <summary>True if any task was restored or moved.</summary>
    private async Task<bool> RepairAsync(GroupActor actor, Func<string, TimeSpan>? spare)
    {
        var rows = await tasks
            .FindAllOfActorAsync(actor.State.Actor, TasksMax, CancellationToken.None)
            .WaitAsync(options.Value.PortTimeout, actors.Time);
        actor.ThrowUnlessOpen();
        // One turn from here until all commits are queued, so that tasks scheduled by earlier commits are stored before
        // them.
        var repairs = NeededTasks.Repairs(actor.State, rows, settings, actor.Now, spare);
        if (repairs.Count == 0)
            return false;
        GroupLog.TasksRepaired(
            log,
            actor.State.Id,
            repairs.Count(repair => repair.Row is null),
            repairs.Count(repair => repair.Row is not null)
        );
        var lost = repairs
            .Where(repair => repair.Row is null)
            .Chunk(TasksPerCommit)
            .Select(some => Restore(actor, some))
            .ToList();
        await AllMade(lost);
        foreach (var late in repairs.Where(repair => repair.Row is not null).Chunk(TasksAtOnce))
            await AllMade(late.Select(repair => MoveEarlier(actor, repair.Row!, repair.Task)));
        return true;
    }

    /// <summary>Stale is a success as well: the task to be moved has run, or was moved by another commit.</summary>
    private static async Task AllMade(IEnumerable<Task<CommitResult>> commits)
    {
        foreach (var result in await Task.WhenAll(commits))
            if (result.Status is not (CommitStatus.Committed or CommitStatus.Stale))
                throw new StoreUnavailableException("The tasks could not be stored.");
    }

    /// <summary>Inserts tasks that are missing; a task that exists after all is left unchanged.</summary>
    private Task<CommitResult> Restore(GroupActor actor, TaskRepair[] lost)
    {
        var run = lost[0].Task.Key with { Id = $"repair:{actors.NextCommitId():N}" };
        return actor.CommitTasksAsync(new TaskRun(run, 1), [], [.. lost.Select(repair => repair.Task)]);
    }

    private static Task<CommitResult> MoveEarlier(GroupActor actor, TimedTask row, TimedTask task) =>
        actor.CommitTasksAsync(new TaskRun(row.Key, row.Version), [row.Row], [task]);
}
