using GroupBuyActors.Committing;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Activations;

/// <summary>
/// What a command decided: what must be committed (already applied to the state), and the outcome, which is reported
/// after the commit. Empty lists mean that nothing changed.
/// </summary>
internal abstract class ActorResult
{
    /// <summary>How the command ended.</summary>
    public Outcome Outcome { get; set; } = Outcome.Done;

    public abstract int EventCount { get; }

    public List<TimedTask> Schedules { get; } = [];

    /// <summary>Tasks to remove, because the events cancel them or the command completes them.</summary>
    public List<TaskKey> Removals { get; } = [];

    /// <summary>Rows of tables that belong to the actor's kind.</summary>
    public virtual IReadOnlyList<KindRow> Rows => [];

    /// <summary>True if something must be committed.</summary>
    public bool Changes => EventCount + Schedules.Count + Removals.Count > 0;

    /// <summary>The actor's sequence after the command; set once it is decided.</summary>
    internal long Sequence { get; set; }
}

/// <summary>A result with the events of a kind.</summary>
internal class ActorResult<TEvent> : ActorResult
{
    /// <summary>The events, in the order in which they are applied.</summary>
    public List<TEvent> Events { get; } = [];

    /// <inheritdoc/>
    public override int EventCount => Events.Count;
}
