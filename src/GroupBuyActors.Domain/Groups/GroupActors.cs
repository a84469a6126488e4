namespace GroupBuyActors;

/// <summary>Converts between groups and durable actors.</summary>
internal static class GroupActors
{
    /// <summary>The actor kind of groups.</summary>
    public const string Kind = "groups";

    extension(GroupId group)
    {
        /// <summary>The group's actor id.</summary>
        public ActorId Actor => new(Kind, group.Value);
    }

    extension(ActorId actor)
    {
        /// <summary>The actor's group id; null if the actor is of another kind.</summary>
        public GroupId? Group => actor.Kind == Kind && GroupId.TryParse(actor.Key, out var group) ? group : null;
    }
}
