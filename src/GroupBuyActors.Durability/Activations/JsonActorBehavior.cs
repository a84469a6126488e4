using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using GroupBuyActors.Committing;
using GroupBuyActors.Reading;

namespace GroupBuyActors.Activations;

/// <summary>An event that is stored as JSON.</summary>
internal interface IActorEvent
{
    /// <summary>The number of the event within its actor, from 1.</summary>
    long Sequence { get; }

    /// <summary>The time of the decision, never before that of the event before it.</summary>
    DateTimeOffset Time { get; }
}

/// <summary>A state whose snapshot is its JSON: all its properties that have setters.</summary>
internal abstract class JsonActorState<TEvent> : IActorState
    where TEvent : IActorEvent
{
    [JsonIgnore]
    public ActorId Actor { get; set; }

    public long Sequence { get; set; }

    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Applies an event to the state, when it is decided and when it is replayed.</summary>
    public void Apply(TEvent happened)
    {
        (Sequence, UpdatedAt) = (happened.Sequence, happened.Time);
        Change(happened);
    }

    /// <summary>Applies an event, except for its sequence and time, which are applied already.</summary>
    protected abstract void Change(TEvent happened);
}

/// <summary>
/// The behavior of a kind of actors whose state and events are stored as JSON; the kind adds its decisions.
/// </summary>
/// <param name="states">How the state is written and read.</param>
/// <param name="events">How an event is written and read.</param>
internal abstract class JsonActorBehavior<TState, TCommand, TEvent>(
    JsonTypeInfo<TState> states,
    JsonTypeInfo<TEvent> events
) : ActorBehavior<TState, TCommand, ActorResult<TEvent>>, IActorFormat<TState>
    where TState : JsonActorState<TEvent>, new()
    where TCommand : class
    where TEvent : IActorEvent
{
    public override IActorFormat<TState> Format => this;

    public override JournalEvent[] Write(ActorResult<TEvent> result, string? trace) =>
        [
            .. result.Events.Select(happened => new JournalEvent(
                happened.Sequence,
                TypeOf(happened),
                1,
                happened.Time,
                JsonSerializer.SerializeToUtf8Bytes(happened, events),
                trace
            )),
        ];

    public TState Restore(ActorId actor, byte[]? snapshot)
    {
        var state = snapshot is null ? new TState() : JsonSerializer.Deserialize(snapshot, states)!;
        state.Actor = actor;
        return state;
    }

    public void Replay(TState state, JournalRow row) => state.Apply(JsonSerializer.Deserialize(row.Payload, events)!);

    public byte[] Snapshot(TState state) => JsonSerializer.SerializeToUtf8Bytes(state, states);

    /// <summary>The event's type in the journal, such as <c>account.deposited</c>.</summary>
    protected abstract string TypeOf(TEvent happened);

    /// <summary>Applies a decided event and adds it to the result, which is committed.</summary>
    protected static void Record(TState state, ActorResult<TEvent> result, TEvent happened)
    {
        state.Apply(happened);
        result.Events.Add(happened);
    }
}
