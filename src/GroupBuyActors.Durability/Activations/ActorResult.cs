using GroupBuyActors.Committing;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Activations;

/// <summary>
/// What a command decided: what must be committed (already applied to the state), and what may be said once it is.
/// Empty lists mean that nothing changed.
/// </summary>
internal abstract class ActorResult
{
    /// <summary>How it went.</summary>
    public Outcome Outcome { get; set; } = Outcome.Done;

    /// <summary>Number of events.</summary>
    public abstract int EventCount { get; }

    /// <summary>Tasks to schedule.</summary>
    public List<TimedTask> Schedules { get; } = [];

    /// <summary>Tasks to remove: cancelled by the events, or completed.</summary>
    public List<TaskKey> Removals { get; } = [];

    /// <summary>Rows of tables that the actor's kind has for itself.</summary>
    public virtual IReadOnlyList<KindRow> Rows => [];

    /// <summary>True where something must be committed.</summary>
    public bool Changes => EventCount + Schedules.Count + Removals.Count > 0;

    /// <summary>The actor's sequence after it, once it is decided.</summary>
    internal long Sequence { get; set; }
}

/// <summary>The same with the events of a kind.</summary>
internal class ActorResult<TEvent> : ActorResult
{
    /// <summary>What happened, as it follows from each other.</summary>
    public List<TEvent> Events { get; } = [];

    /// <inheritdoc/>
    public override int EventCount => Events.Count;
}
