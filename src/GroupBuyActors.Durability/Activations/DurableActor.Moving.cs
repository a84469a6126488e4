using GroupBuyActors.Committing;

namespace GroupBuyActors.Activations;

/// <summary>
/// The end of an activation, and moving to another silo. An activation hands its state over only if it may be trusted
/// as much as the store: it has not ended, every commit it decided is made, and its silo may answer. In all other
/// cases, and if what arrives cannot be used, the next activation loads the state.
/// </summary>
internal sealed partial class DurableActor<TState, TCommand, TResult> : IMovableActor
{
    private bool _isLeaving;
    private bool _isComplete;
    private int _asking;

    ActorId IMovableActor.Id => _id;

    /// <inheritdoc/>
    public bool IsAskingPort => Volatile.Read(ref _asking) > 0;

    /// <inheritdoc/>
    public bool IsShippable => State is { } state && _behavior.ApproximateBytes(state) <= _services.Bounds.ShipBytesMax;

    /// <inheritdoc/>
    public bool HasShipped { get; private set; }

    /// <inheritdoc/>
    public void Leave()
    {
        _isLeaving = true;
        _durable.Wake();
    }

    /// <inheritdoc/>
    public void Stay() => _isLeaving = false;

    /// <inheritdoc/>
    public Task PrepareToLoadAsync() =>
        State is null || IsShippable || HasEnded ? Task.CompletedTask : _snapshots.WriteAheadAsync(_pending);

    /// <summary>
    /// Waits a bounded time for pending commits, and writes a snapshot if the tail is long; not if the actor moves,
    /// because its callers wait.
    /// </summary>
    public async Task DeactivateAsync(CancellationToken cancellation, bool isMoving = false)
    {
        _durable.Wake();
        if (State is null)
            return;
        await ((Task)_pending)
            .WaitAsync(_services.Bounds.Drain, _services.Time, cancellation)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        // What is not committed by now was never answered. It must not be committed after the next activation has
        // loaded.
        _isComplete = _pending is { IsCompletedSuccessfully: true, Result.Status: CommitStatus.Committed } && !HasEnded;
        _lifetime.Token.Poison();
        if (_isComplete && !isMoving)
            await _snapshots.WriteOnDeactivationAsync(_durable.Sequence, cancellation);
    }

    /// <summary>
    /// The state for the next activation; null if that has to load it. Called after <see cref="DeactivateAsync"/>.
    /// </summary>
    public ShippedActor? Ship()
    {
        if (!_isComplete || !IsShippable || _services.Gate.RefusalReasonFor(_shard) is not null)
            return null;
        var state = _behavior.Format.Snapshot(State);
        // The size was an estimate.
        if (state.Length > 2 * _services.Bounds.ShipBytesMax)
            return null;
        HasShipped = true;
        return new ShippedActor(State.Sequence, _snapshots.Written, state);
    }

    /// <summary>Uses the state of the activation before this one; false if it must be loaded instead.</summary>
    private bool TryAccept(ShippedActor shipped)
    {
        try
        {
            var state = _behavior.Format.Restore(_id, shipped.State);
            if (state.Sequence != shipped.Sequence)
                throw new InvalidDataException(
                    $"The state of actor {_id} that was sent has sequence {state.Sequence} and not {shipped.Sequence}."
                );
            // Nothing is known of the time since it was sent: like a loaded state after a long idle time, this one is
            // compared with the journal before the first answer that no commit confirms.
            Begin(state, shipped.SnapshotSequence);
            return true;
        }
        catch (Exception e)
        {
            _behavior.Report(_id, new ActorFailure.NotAccepted(e));
            return false;
        }
    }

    private async Task<TCommand> AskPortAsync(TCommand command, Outcome.AsksPort asked)
    {
        Interlocked.Increment(ref _asking);
        try
        {
            return await _behavior.AskPortAsync(command, asked);
        }
        finally
        {
            Interlocked.Decrement(ref _asking);
        }
    }

    private void Begin(TState state, long snapshotSequence)
    {
        State = state;
        _snapshots = new(_behavior, _services, state, snapshotSequence);
        _durable.Advance(state.Sequence);
    }
}
