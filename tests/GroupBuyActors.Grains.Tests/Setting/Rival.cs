using GroupBuyActors.Events;
using GroupBuyActors.Groups;
using GroupBuyActors.Store.Committing;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Setting;

/// <summary>A second activation of a group, as a partition would leave one: it loads the group and commits behind the grain's back.</summary>
internal sealed class Rival(TestSilo silo)
{
    /// <summary>Decides a command on what is stored and commits it.</summary>
    public async Task<Handling> DecideAsync(string id, GroupCommand command)
    {
        var group = GroupId.Parse(id);
        var (state, _) = await GroupLoader.LoadAsync(silo.Get<IGroupReader>(), group, CancellationToken.None);
        var handling = GroupMachine.Handle(state, command, new HandlingContext
        {
            Clock = silo.Time.GetUtcNow(), Settings = new GroupSettings(), NewSecret = () => "abcdefghijklmnopqrstuvwxyz",
        });
        var place = silo.Committer.TryReserve(group.Shard) ?? throw new InvalidOperationException("No place.");
        var result = await silo.Committer.CommitAsync(place, new Commit
        {
            Id = Guid.NewGuid(), Shard = group.Shard, Token = new ActivationToken(), Group = group,
            Events = [.. handling.Events.Select(e => new JournalEvent(e.Sequence, GroupEvents.NameOf(e.Event), GroupEvents.VersionOf(e.Event), e.Time, JournalPayload.Write(e), null))],
            Schedules = handling.Schedules, Removals = handling.Removals, Statuses = handling.Statuses,
        });
        Assert.Equal(CommitStatus.Committed, result.Status);
        return handling;
    }

    /// <summary>Stores an event of a type that this release does not know, as a newer one would.</summary>
    public async Task WriteFromTheFutureAsync(string id, long sequence)
    {
        var group = GroupId.Parse(id);
        var place = silo.Committer.TryReserve(group.Shard)!;
        await silo.Committer.CommitAsync(place, new Commit
        {
            Id = Guid.NewGuid(), Shard = group.Shard, Token = new ActivationToken(), Group = group,
            Events = [new JournalEvent(sequence, "group.teleported", 1, silo.Time.GetUtcNow(), "{\"d\":{}}"u8.ToArray(), null)],
        });
    }
}
