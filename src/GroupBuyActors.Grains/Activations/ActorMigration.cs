namespace GroupBuyActors.Activations;

/// <summary>Puts the state of an actor that moves into what Orleans sends, and takes it out.</summary>
internal static class ActorMigration
{
    private const string Key = "groupbuy.actor";

    /// <summary>Adds the state, if there is one to send.</summary>
    public static void Dehydrate(IDehydrationContext context, ShippedActor? shipped)
    {
        if (shipped is not null)
            context.AddBytes(Key, static (state, writer) => state.WriteTo(writer), shipped);
    }

    /// <summary>
    /// The state that was sent; null if none was. Orleans swallows exceptions of this, and the actor is loaded then.
    /// </summary>
    public static ShippedActor? Rehydrate(IRehydrationContext context) =>
        context.TryGetBytes(Key, out var bytes) ? ShippedActor.Read(bytes) : null;
}
