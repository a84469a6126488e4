using GroupBuyActors.Committing;
using GroupBuyActors.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Activations;

/// <summary>The state of one actor. Changed only by applying events; one activation owns it.</summary>
internal interface IActorState
{
    ActorId Actor { get; }

    /// <summary>The sequence of its last event, 0 for none.</summary>
    long Sequence { get; }

    /// <summary>The time of its last event.</summary>
    DateTimeOffset UpdatedAt { get; }
}

/// <summary>Converts a kind's state from and to its stored form.</summary>
internal interface IActorFormat<TState>
    where TState : class, IActorState
{
    /// <summary>The state in a snapshot; for null, the state of an actor without events.</summary>
    TState Restore(ActorId actor, byte[]? snapshot);

    /// <summary>Applies a stored event; throws if a newer release wrote it.</summary>
    void Replay(TState state, JournalRow row);

    /// <summary>Serialises the state as a snapshot.</summary>
    byte[] Snapshot(TState state);
}

/// <summary>The input of a decision besides command and state.</summary>
/// <param name="Clock">The cluster's clock.</param>
/// <param name="Completes">The task that delivers the command and is completed by its commit, or null.</param>
/// <param name="Trace">W3C traceparent to store with events and tasks, or null.</param>
/// <param name="CommitBytesMax">The largest size of one commit in bytes, as <see cref="CommitBytes"/> counts.</param>
internal readonly record struct DecisionInput(
    DateTimeOffset Clock,
    TaskKey? Completes,
    string? Trace,
    int CommitBytesMax
);

/// <summary>
/// What a kind of actors supplies; <see cref="DurableActor{TState,TCommand,TResult}"/> does the rest. One instance
/// serves all actors of the kind on a silo, so everything about a single actor is in its state.
/// </summary>
internal abstract class ActorBehavior<TState, TCommand, TResult>
    where TState : class, IActorState
    where TCommand : class
    where TResult : ActorResult
{
    /// <summary>The word for an actor of the kind in texts, such as "account".</summary>
    public virtual string Noun => "actor";

    public abstract IActorFormat<TState> Format { get; }

    /// <summary>
    /// Decides a command and applies the resulting events to the state. A repeated request that is remembered decides
    /// nothing and returns its first answer (<see cref="Requests.RequestMemory{TAnswer}"/>).
    /// </summary>
    public abstract TResult Execute(TState state, TCommand command, DecisionInput input);

    /// <summary>The events of a result as rows of the journal.</summary>
    public abstract JournalEvent[] Write(TResult result, string? trace);

    /// <summary>
    /// The result of a command while the store accepts no changes and nothing was decided. Null if the kind has no such
    /// answer; then callers get <see cref="StoreUnavailableException"/>.
    /// </summary>
    public virtual TResult? StoreIsBusy => null;

    /// <summary>Reports a failure to the operators.</summary>
    public abstract void Report(ActorId actor, ActorFailure failure);

    /// <summary>
    /// The number of events after the last snapshot that must be exceeded before another is written: a share of the
    /// state's size, so that all snapshots of an actor together cost no more than its events.
    /// </summary>
    public virtual long SnapshotTail(TState state) => 0;

    /// <summary>
    /// The size of the state's snapshot in bytes, roughly, without writing one: a large state is not sent to another
    /// silo.
    /// </summary>
    public virtual long ApproximateBytes(TState state) => 0;

    /// <summary>Passed to subscribers of the stream with a commit that has events; never stored.</summary>
    public virtual object? Attachment(TState state, TResult result) => null;

    /// <summary>Called in a turn of the actor after a result with events has become durable.</summary>
    public virtual void OnCommitted(TState state, TResult result) { }

    /// <summary>
    /// Asks a port the question of a decision, and returns the command to decide next, with the answer. Never called
    /// inside a decision.
    /// </summary>
    public virtual Task<TCommand> AskPortAsync(TCommand command, Outcome.AsksPort asked) =>
        throw new NotSupportedException("This kind of actors asks no port.");

    /// <summary>
    /// True for the exception that <see cref="IActorFormat{TState}.Replay"/> throws for events of a newer release.
    /// </summary>
    public virtual bool IsOfNewerRelease(Exception exception) => false;
}

/// <summary>A failure of an actor.</summary>
internal abstract record ActorFailure(Exception? Cause)
{
    /// <summary>Its activation ended.</summary>
    public sealed record Ended(string Why, Exception? Cause) : ActorFailure(Cause);

    /// <summary>Its state could not be loaded.</summary>
    public sealed record NotLoaded(bool IsOfNewerRelease, Exception Cause) : ActorFailure(Cause);

    /// <summary>The state that the activation before sent cannot be used, so it is loaded.</summary>
    public sealed record NotAccepted(Exception Cause) : ActorFailure(Cause);

    /// <summary>Deciding a command threw, or its commit can never be stored; a retry fails in the same way.</summary>
    public sealed record DecisionFailed(string Command, Exception Cause) : ActorFailure(Cause);

    /// <summary>A task about something that is unknown to the actor was removed.</summary>
    public sealed record UnknownTask(TaskKey Task) : ActorFailure((Exception?)null);

    /// <summary>A snapshot was not written; no events are lost.</summary>
    public sealed record SnapshotFailed(long Sequence, Exception Cause) : ActorFailure(Cause);
}
