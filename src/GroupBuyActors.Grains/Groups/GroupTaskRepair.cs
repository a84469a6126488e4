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
/// What is due by the group's state is decided whatever its tasks say. Some of it only a port can answer, so it is the
/// task that is made right: one that is missing is put back, one that comes later than the state needs it comes now,
/// and its handler does the rest as ever. Commits of the tasks alone, each under the version of the row it moves: a run
/// that ends meanwhile is first, or refused.
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

    /// <summary>How long an operator's call waits for what it has made due.</summary>
    private static readonly TimeSpan DecideBound = TimeSpan.FromSeconds(2);

    /// <summary>A task on its way is not behind.</summary>
    private static readonly TimeSpan OnItsWay = TimeSpan.FromMinutes(1);

    /// <summary>
    /// An operator's part: repairs all tasks, and waits for what they bring, up to a bound. False where they needed
    /// right.
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
    /// The backstop's part: looks at the tasks only where something should have happened a while ago.
    /// </summary>
    public async Task RepairOverdueAsync(GroupActor actor)
    {
        if (NeededTasks.IsBehind(actor.State, settings, actor.Now - OnItsWay))
            await RepairAsync(actor, type => policies.Of(type).Retry.LongestDelay);
    }

    /// <summary>True where some task was put back or brought forward.</summary>
    private async Task<bool> RepairAsync(GroupActor actor, Func<string, TimeSpan>? spare)
    {
        var rows = await tasks
            .FindAllOfActorAsync(actor.State.Actor, TasksMax, CancellationToken.None)
            .WaitAsync(options.Value.PortTimeout, actors.Time);
        actor.ThrowUnlessOpen();
        // One turn from here until all is in the store's queue: what is scheduled by commits before these is there
        // before them.
        var repairs = NeededTasks.Repairs(actor.State, rows, settings, actor.Now, spare);
        if (repairs.Count == 0)
            return false;
        GroupLog.TasksMended(
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

    /// <summary>Stale is made as well: what was to be moved has run, or was moved by somebody else.</summary>
    private static async Task AllMade(IEnumerable<Task<CommitResult>> commits)
    {
        foreach (var result in await Task.WhenAll(commits))
            if (result.Status is not (CommitStatus.Committed or CommitStatus.Stale))
                throw new StoreUnavailableException("The tasks could not be stored.");
    }

    /// <summary>Inserted where they are not there: that one is after all changes nothing.</summary>
    private Task<CommitResult> Restore(GroupActor actor, TaskRepair[] lost)
    {
        var run = lost[0].Task.Key with { Id = $"repair:{actors.NextCommitId():N}" };
        return actor.CommitTasksAsync(new TaskRun(run, 1), [], [.. lost.Select(repair => repair.Task)]);
    }

    private static Task<CommitResult> MoveEarlier(GroupActor actor, TimedTask row, TimedTask task) =>
        actor.CommitTasksAsync(new TaskRun(row.Key, row.Version), [row.Row], [task]);
}
