using GroupBuyActors.Activations;
using GroupBuyActors.Reading;

namespace GroupBuyActors.Groups;

/// <summary>How a group's state comes back from what is stored.</summary>
internal sealed class GroupFormat : IActorFormat<GroupState>
{
    public static GroupFormat Instance { get; } = new();

    public GroupState Restore(ActorId actor, byte[]? snapshot)
    {
        var group = actor.Group ?? throw new InvalidDataException($"Actor {actor} is no group.");
        return snapshot is null ? new GroupState(group) : GroupSnapshot.Read(group, snapshot);
    }

    public void Replay(GroupState state, JournalRow row) =>
        GroupMachine.Replay(
            state,
            JournalPayload.Read(state.Id, row.Sequence, row.Time, row.Type, row.Version, row.Payload)
        );

    public byte[] Snapshot(GroupState state) => GroupSnapshot.Write(state);
}
