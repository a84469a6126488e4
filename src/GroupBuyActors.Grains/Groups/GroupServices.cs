using GroupBuyActors.Activations;
using GroupBuyActors.Relay;
using GroupBuyActors.Store.Slots;

namespace GroupBuyActors.Groups;

/// <summary>
/// What the activations of groups share besides <see cref="GroupBehavior"/>: built once, so that one is cheap.
/// </summary>
internal sealed class GroupServices(
    ActorServices actors,
    ActiveGroups active,
    ActiveActors activeActors,
    GroupReminders reminders,
    GroupTaskRepair repair,
    SlotStores stores,
    StreamRelay relay
)
{
    public ActorServices Actors { get; } = actors;
    public ActiveGroups Active { get; } = active;
    public ActiveActors ActiveActors { get; } = activeActors;
    public GroupReminders Reminders { get; } = reminders;
    public GroupTaskRepair Repair { get; } = repair;
    public SlotStores Stores { get; } = stores;
    public StreamRelay Relay { get; } = relay;
}
