using GroupBuyActors.Committing;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>
/// What is due by the group's state is decided whatever its tasks say. Some of it only a port can answer, so it is the
/// task that is made right: one that is missing is put back, one that comes later than the state needs it comes now,
/// and its handler does the rest as ever. Commits of the tasks alone, each under the version of the row it moves: a run
/// that ends meanwhile is first, or refused.
/// </summary>
internal sealed partial class GroupGrain
{
    private const int TasksMax = 250_000,
        TasksPerCommit = 200,
        TasksAtOnce = 100;

    /// <summary>How long an operator's call waits for what it has made due.</summary>
    private static readonly TimeSpan DecideBound = TimeSpan.FromSeconds(2);

    /// <summary>A task on its way is not behind.</summary>
    private static readonly TimeSpan OnItsWay = TimeSpan.FromMinutes(1);

    public async Task<Reply<GroupView>> Settle(RequestKey? request)
    {
        var reply = await Answer<GroupView>(new GroupCommand.Settle(request));
        if (reply.Refusal is not null || reply.Replayed || !await RepairTasks(spare: null))
            return reply;
        await DecideWhatIsDue();
        await CommitsCompleted();
        return reply with { Value = _state.View() ?? reply.Value };
    }

    /// <summary>
    /// The backstop's part: looks at the tasks only where something should have happened a while ago.
    /// </summary>
    private async Task RepairOverdueTasks()
    {
        if (NeededTasks.IsBehind(_state, services.Settings, Now() - OnItsWay))
            await RepairTasks(type => services.Policies.Of(type).Retry.LongestDelay);
    }

    /// <summary>True where some task was put back or brought forward.</summary>
    private async Task<bool> RepairTasks(Func<string, TimeSpan>? spare)
    {
        var rows = await services
            .Tasks.FindAllOfActorAsync(_state.Actor, TasksMax, CancellationToken.None)
            .WaitAsync(services.Options.PortTimeout, services.Time);
        ThrowUnlessOpen();
        // One turn from here until all is in the store's queue: what is scheduled by commits before these is there
        // before them.
        var repairs = NeededTasks.Repairs(_state, rows, services.Settings, Now(), spare);
        if (repairs.Count == 0)
            return false;
        GroupLog.TasksMended(
            services.Log,
            _id,
            repairs.Count(repair => repair.Row is null),
            repairs.Count(repair => repair.Row is not null)
        );
        var lost = repairs.Where(repair => repair.Row is null).Chunk(TasksPerCommit).Select(Restore).ToList();
        await AllMade(lost);
        foreach (var late in repairs.Where(repair => repair.Row is not null).Chunk(TasksAtOnce))
            await AllMade(late.Select(repair => MoveEarlier(repair.Row!, repair.Task)));
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
    private Task<CommitResult> Restore(TaskRepair[] lost)
    {
        var id = services.IdGenerator.NextCommitId();
        return Commit(
            new Commit
            {
                Id = id,
                Shard = _shard,
                Token = new ActivationToken(),
                Schedules = [.. lost.Select(repair => repair.Task)],
                Run = new TaskRun(lost[0].Task.Key with { Id = $"settle:{id:N}" }, 1),
            }
        );
    }

    private Task<CommitResult> MoveEarlier(TimedTask row, TimedTask task) =>
        Commit(
            new Commit
            {
                Id = services.IdGenerator.NextCommitId(),
                Shard = _shard,
                Token = new ActivationToken(),
                Removals = [row.Row],
                Schedules = [task],
                Run = new TaskRun(row.Key, row.Version),
            }
        );

    private async Task<CommitResult> Commit(Commit commit)
    {
        using var reservation =
            services.Committer.TryReserve(_shard)
            ?? throw new StoreUnavailableException("Too many changes are waiting for the database.");
        return await services.Committer.CommitAsync(reservation, commit);
    }

    private async Task DecideWhatIsDue()
    {
        var since = services.Time.GetTimestamp();
        while (_endedBecause is null && NeededTasks.IsBehind(_state, services.Settings, Now()))
        {
            var left = DecideBound - services.Time.GetElapsedTime(since);
            if (left <= TimeSpan.Zero)
                return;
            _advanced ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await _advanced
                .Task.WaitAsync(left, services.Time)
                .ConfigureAwait(
                    ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext
                );
        }
    }

    private DateTimeOffset Now() =>
        services.Clock.GetUtcNow() is var now && now > _state.UpdatedAt ? now : _state.UpdatedAt;
}
