using GroupBuyActors.Activations;

namespace GroupBuyActors.Groups;

/// <summary>What a group that moves brings along.</summary>
/// <param name="Actor">Its state; null if it must be loaded.</param>
/// <param name="HasReminder">True if no reminder of it is still to be written.</param>
internal sealed record MigratedGroup(ShippedActor? Actor, bool HasReminder)
{
    private const string ReminderKey = "groupbuy.reminder";

    public void Write(IDehydrationContext context)
    {
        ActorMigration.Dehydrate(context, Actor);
        context.TryAddValue(ReminderKey, HasReminder);
    }

    public static MigratedGroup Read(IRehydrationContext context) =>
        new(ActorMigration.Rehydrate(context), context.TryGetValue(ReminderKey, out bool hasReminder) && hasReminder);
}
