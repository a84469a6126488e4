using GroupBuyActors.Committing;
using GroupBuyActors.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Activations;

/// <summary>The state of one actor. Changed only by applying events; one activation owns it.</summary>
internal interface IActorState
{
    /// <summary>The actor.</summary>
    ActorId Actor { get; }

    /// <summary>The sequence of its last event, 0 for none.</summary>
    long Sequence { get; }

    /// <summary>The time of its last event.</summary>
    DateTimeOffset UpdatedAt { get; }
}

/// <summary>How a kind's state comes back from what is stored.</summary>
internal interface IActorFormat<TState>
    where TState : class, IActorState
{
    /// <summary>The state that a snapshot holds; of null, that of an actor that nothing has happened to.</summary>
    TState Restore(ActorId actor, byte[]? snapshot);

    /// <summary>Applies a stored event; throws where a newer release wrote it.</summary>
    void Replay(TState state, JournalRow row);

    /// <summary>The state as a snapshot.</summary>
    byte[] Snapshot(TState state);
}

/// <summary>What a decision may look at besides command and state.</summary>
/// <param name="Clock">The cluster's clock.</param>
/// <param name="Completes">The task that brings the command, which its commit is to complete; or null.</param>
/// <param name="Trace">W3C traceparent to store with events and tasks, or null.</param>
/// <param name="CommitBytesMax">Bytes that one commit may have, as <see cref="CommitBytes"/> counts.</param>
internal readonly record struct DecisionInput(
    DateTimeOffset Clock,
    TaskKey? Completes,
    string? Trace,
    int CommitBytesMax
);

/// <summary>
/// What a kind of actors supplies; <see cref="DurableActor{TState,TCommand,TResult}"/> does the rest. One for all
/// actors of the kind on a silo: what is about one of them is in its state.
/// </summary>
internal abstract class ActorBehavior<TState, TCommand, TResult>
    where TState : class, IActorState
    where TCommand : class
    where TResult : ActorResult
{
    /// <summary>What an actor of the kind is called in texts, such as "account".</summary>
    public virtual string Noun => "actor";

    /// <summary>How the state is stored.</summary>
    public abstract IActorFormat<TState> Format { get; }

    /// <summary>
    /// Decides a command and applies what it decided to the state. A repeat of a request that is remembered decides
    /// nothing and gives its first answer (<see cref="Requests.RequestMemory{TAnswer}"/>).
    /// </summary>
    public abstract TResult Execute(TState state, TCommand command, DecisionInput input);

    /// <summary>The events of a result as rows of the journal.</summary>
    public abstract JournalEvent[] Write(TResult result, string? trace);

    /// <summary>
    /// What is said where the store takes no changes at the moment, and nothing was decided; null where that is no
    /// answer of the kind, and callers get <see cref="StoreUnavailableException"/>.
    /// </summary>
    public virtual TResult? StoreIsBusy => null;

    /// <summary>Something that anyone who operates the system should see.</summary>
    public abstract void Report(ActorId actor, ActorFailure failure);

    /// <summary>
    /// The number of events after the last snapshot up to which another is not worth while: a share of the state's
    /// size, so that all snapshots of an actor together cost no more than its events.
    /// </summary>
    public virtual long SnapshotTail(TState state) => 0;

    /// <summary>Handed to subscribers of the stream with a commit that has events; never stored.</summary>
    public virtual object? Attachment(TState state, TResult result) => null;

    /// <summary>Called in a turn of the actor once a result with events is durable.</summary>
    public virtual void OnCommitted(TState state, TResult result) { }

    /// <summary>
    /// Asks a port what a decision wants to know, and gives what to decide next with its answer. Never inside a
    /// decision.
    /// </summary>
    public virtual Task<TCommand> AskPortAsync(TCommand command, Outcome.AsksPort asked) =>
        throw new NotSupportedException("This kind of actors asks no port.");

    /// <summary>True for what <see cref="IActorFormat{TState}.Replay"/> throws at events of a newer release.</summary>
    public virtual bool IsOfNewerRelease(Exception exception) => false;
}

/// <summary>What is wrong with an actor.</summary>
internal abstract record ActorFailure(Exception? Cause)
{
    /// <summary>Its activation ends.</summary>
    public sealed record Ended(string Why, Exception? Cause) : ActorFailure(Cause);

    /// <summary>Its state cannot be read.</summary>
    public sealed record NotLoaded(bool IsOfNewerRelease, Exception Cause) : ActorFailure(Cause);

    /// <summary>A command could not be decided, or what it decided not be stored: a retry meets the same.</summary>
    public sealed record DecisionFailed(string Command, Exception Cause) : ActorFailure(Cause);

    /// <summary>A task about something that the actor never had was removed.</summary>
    public sealed record UnknownTask(TaskKey Task) : ActorFailure((Exception?)null);

    /// <summary>A snapshot was not written; no events are lost.</summary>
    public sealed record SnapshotFailed(long Sequence, Exception Cause) : ActorFailure(Cause);
}
