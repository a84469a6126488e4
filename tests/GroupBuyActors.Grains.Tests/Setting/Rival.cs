using GroupBuyActors.Committing;
using GroupBuyActors.Events;
using GroupBuyActors.Groups;
using GroupBuyActors.Reading;

namespace GroupBuyActors.Setting;

/// <summary>
/// A second activation of a group, as a partition would leave one: it loads the group and commits behind the grain's
/// back.
/// </summary>
internal sealed class Rival(TestSilo silo)
{
    private const int JoinsPerCommit = 500;

    /// <summary>Decides a command on what is stored and commits it.</summary>
    public async Task<CommandResult> DecideAsync(string id, GroupCommand command)
    {
        var (state, _) = await GroupLoader.LoadAsync(
            silo.Get<IActorReader>(),
            GroupId.Parse(id),
            CancellationToken.None
        );
        var result = Decide(state, command);
        await CommitAsync(state, [result]);
        return result;
    }

    /// <summary>Lets so many buyers join, hundreds a commit.</summary>
    public async Task FillAsync(string id, int buyers)
    {
        var (state, _) = await GroupLoader.LoadAsync(
            silo.Get<IActorReader>(),
            GroupId.Parse(id),
            CancellationToken.None
        );
        foreach (var joins in Enumerable.Range(1, buyers).Chunk(JoinsPerCommit))
            await CommitAsync(
                state,
                [.. joins.Select(n => Decide(state, new GroupCommand.Join(new JoinGroup($"user-{n}"))))]
            );
    }

    private CommandResult Decide(GroupState state, GroupCommand command) =>
        GroupMachine.Handle(
            state,
            command,
            new CommandContext
            {
                Clock = silo.Time.GetUtcNow(),
                Settings = new GroupSettings(),
                NewSecret = () => "abcdefghijklmnopqrstuvwxyz",
            }
        );

    private async Task CommitAsync(GroupState state, IReadOnlyList<CommandResult> handlings)
    {
        var reservation = silo.Committer.TryReserve(state.Id.Shard) ?? throw new InvalidOperationException("No place.");
        var result = await silo.Committer.CommitAsync(
            reservation,
            new Commit
            {
                Id = Guid.NewGuid(),
                Shard = state.Id.Shard,
                Token = new ActivationToken(),
                Actor = state.Id.Actor,
                Events =
                [
                    .. handlings
                        .SelectMany(result => result.Events)
                        .Select(e => new JournalEvent(
                            e.Sequence,
                            GroupEvents.NameOf(e.Event),
                            GroupEvents.VersionOf(e.Event),
                            e.Time,
                            JournalPayload.Write(e),
                            null
                        )),
                ],
                Schedules = [.. handlings.SelectMany(result => result.Schedules)],
                Removals = [.. handlings.SelectMany(result => result.Removals)],
                Rows = [.. handlings.SelectMany(result => result.Statuses)],
            }
        );
        Assert.Equal(CommitStatus.Committed, result.Status);
    }

    /// <summary>Stores an event of a type that this release does not know, as a newer one would.</summary>
    public async Task WriteFromTheFutureAsync(string id, long sequence)
    {
        var group = GroupId.Parse(id);
        var reservation = silo.Committer.TryReserve(group.Shard)!;
        await silo.Committer.CommitAsync(
            reservation,
            new Commit
            {
                Id = Guid.NewGuid(),
                Shard = group.Shard,
                Token = new ActivationToken(),
                Actor = group.Actor,
                Events =
                [
                    new JournalEvent(
                        sequence,
                        "group.teleported",
                        1,
                        silo.Time.GetUtcNow(),
                        "{\"d\":{}}"u8.ToArray(),
                        null
                    ),
                ],
            }
        );
    }
}
