namespace GroupBuyActors;

/// <summary>Groups as durable actors, and back.</summary>
internal static class GroupActors
{
    /// <summary>The kind of groups.</summary>
    public const string Kind = "groups";

    extension(GroupId group)
    {
        /// <summary>The actor that the group is.</summary>
        public ActorId Actor => new(Kind, group.Value);
    }

    extension(ActorId actor)
    {
        /// <summary>The group that the actor is, or null where it is of another kind.</summary>
        public GroupId? Group => actor.Kind == Kind && GroupId.TryParse(actor.Key, out var group) ? group : null;
    }
}
