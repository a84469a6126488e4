using System.Diagnostics;
using GroupBuyActors.Committing;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Activations;

/// <summary>A due task that brings a command to its actor.</summary>
/// <param name="Key">Its row.</param>
/// <param name="Version">Its version when it ran.</param>
/// <param name="Trace">W3C traceparent of what caused it, or null.</param>
internal readonly record struct FiredTask(TaskKey Key, int Version, string? Trace);

/// <summary>
/// One activation of a durable actor, of any kind; whatever keeps it (a grain) composes one and calls it in its turns.
/// <para>
/// A command is decided and applied to the state in one turn, without an await between; its commit is awaited
/// afterwards, while the next commands are decided on top of it. So turns must interleave. The state is therefore ahead
/// of the store, and the rule that makes this safe is: nothing leaves the actor before the head it saw is committed,
/// refusals and replayed answers included.
/// </para>
/// <para>
/// A commit that is refused or not made ends the activation with all that was decided on top: its token is poisoned,
/// callers get <see cref="StoreUnavailableException"/> and land, with the same request, on an activation that loaded
/// the true state.
/// </para>
/// </summary>
internal sealed class DurableActor<TState, TCommand, TResult>
    where TState : class, IActorState
    where TCommand : class
    where TResult : ActorResult
{
    private const string Busy = "The database accepts no more changes at the moment. Try again later.";

    private readonly ActorId _id;
    private readonly ShardId _shard;
    private readonly ActorBehavior<TState, TCommand, TResult> _behavior;
    private readonly ActorServices _services;
    private readonly DurableHead _durable = new();
    private readonly ActivationLife _life;
    private readonly HeadCheck _check;
    private SnapshotWriter<TState, TCommand, TResult> _snapshots = null!;

    /// <summary>The newest commit; lanes keep a shard's sequence, so that once it is known all before it are.</summary>
    private Task<CommitResult> _pending = Task.FromResult(new CommitResult(CommitStatus.Committed, default));
    private long _confirmedAt;

    /// <summary>An activation that is still to be loaded.</summary>
    public DurableActor(
        ActorId id,
        ActorBehavior<TState, TCommand, TResult> behavior,
        ActorServices services,
        IActorHost host
    )
    {
        (_id, _shard, _behavior, _services) = (id, id.Shard, behavior, services);
        _life = new ActivationLife(
            services.Gate,
            host,
            _durable,
            behavior.Noun,
            why => behavior.Report(id, new ActorFailure.Ended(why, null))
        );
        _check = new HeadCheck(CompareHeadAsync);
    }

    /// <summary>The state, ahead of the store; null where it could not be loaded.</summary>
    public TState State { get; private set; } = null!;

    /// <summary>True once calls are refused.</summary>
    public bool HasEnded => _life.EndedBecause is not null;

    /// <summary>The cluster's time, or that of the last event where that is later.</summary>
    public DateTimeOffset Now =>
        _services.Clock.GetUtcNow() is var now && now > State.UpdatedAt ? now : State.UpdatedAt;

    private bool IsConfirmed => _services.Time.GetElapsedTime(_confirmedAt) <= _services.Bounds.IdleHead;

    /// <summary>
    /// Loads the state. Where that fails, the activation begins all the same, to refuse its callers with the reason.
    /// </summary>
    public async Task ActivateAsync(CancellationToken cancellation)
    {
        try
        {
            _confirmedAt = _services.Time.GetTimestamp();
            var stored = await _services.Reader.LoadAsync(_id, cancellation);
            State = ActorLoader.Build(_behavior.Format, _id, stored);
            _snapshots = new(_behavior, _services, State, stored.SnapshotSequence);
            _durable.Advance(State.Sequence);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            var isNewer = _behavior.IsOfNewerRelease(e);
            _behavior.Report(_id, new ActorFailure.NotLoaded(isNewer, e));
            State = null!;
            _life.Close(
                isNewer
                    ? $"The {_behavior.Noun} was written by a newer release than this silo runs."
                    : $"The {_behavior.Noun} could not be loaded."
            );
        }
    }

    /// <summary>Waits a bounded time for what is pending, and leaves a snapshot behind where that pays.</summary>
    public async Task DeactivateAsync(CancellationToken cancellation)
    {
        _durable.Wake();
        if (State is null)
            return;
        await ((Task)_pending)
            .WaitAsync(_services.Bounds.Drain, _services.Time, cancellation)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        // Whatever has not been committed by now was never answered; it must not land behind the next activation's
        // back.
        var drained = _pending.IsCompleted && !HasEnded;
        _life.Token.Poison();
        if (drained)
            await _snapshots.WriteAsleepAsync(_durable.Sequence, cancellation);
    }

    /// <summary>
    /// Decides a command, waits until what was decided and everything it was decided on is durable, and answers. One
    /// method for all commands, and as few awaits as there are waits: this is the path that every call takes.
    /// </summary>
    public async Task<TReply> AnswerAsync<TReply>(TCommand command, Func<TCommand, TResult, TReply> reply)
    {
        while (true)
        {
            _life.ThrowUnlessOpen();
            if (!TryDecide(command, null, out var result, out var head))
                return reply(command, _behavior.StoreIsBusy ?? throw new StoreUnavailableException(Busy));
            Conclude(await head, result);
            // A commit proves that this activation is the newest, for another's events would have refused it. What
            // changes nothing proves nothing, and what is unknown here may be known to the newest one.
            if (result.Outcome is Outcome.Unknown || (!result.Changes && !IsConfirmed))
            {
                await _check.RunAsync();
                await CommitsCompletedAsync();
            }

            if (result.Outcome is not Outcome.AsksPort asked)
                return reply(command, result);
            command = await _behavior.AskPortAsync(command, asked);
        }
    }

    /// <summary>
    /// Reads the state, and answers once all of it is durable. What the state does not know may be known to a newer
    /// activation, so the head is compared first.
    /// </summary>
    public async Task<TView> ReadAsync<TView>(Func<TState, (TView View, bool IsKnown)> read)
    {
        await ReadyAsync();
        var (view, isKnown) = read(State);
        if (!isKnown)
            await _check.RunAsync();
        await CommitsCompletedAsync();
        return view;
    }

    /// <summary>
    /// Decides a command that a due task brings, or a call without an answer of its own. A task is completed by the
    /// commit of its effect. Throws where the store is busy.
    /// </summary>
    public async Task<TResult> ExecuteAsync(TCommand command, FiredTask? task = null)
    {
        await ReadyAsync();
        if (!TryDecide(command, task, out var result, out var head))
            throw new StoreUnavailableException(Busy);
        Conclude(await head, result);
        if (result.Outcome is Outcome.Unknown && task is { } fired)
            await RemoveUnknownAsync(fired);
        return result;
    }

    /// <summary>
    /// Throws unless this activation may answer; one that heard nothing from the store for long looks first whether it
    /// is still the newest.
    /// </summary>
    public ValueTask ReadyAsync()
    {
        _life.ThrowUnlessOpen();
        return IsConfirmed ? default : new ValueTask(_check.RunAsync());
    }

    /// <summary>For answers that decided nothing: waits for the head they saw. Nothing pending: at once.</summary>
    public async ValueTask CommitsCompletedAsync()
    {
        var head = _pending;
        if ((await head).Status != CommitStatus.Committed)
            throw _life.End(head.Result.Status);
        _life.ThrowUnlessMember();
    }

    /// <summary>Throws where the activation has ended, or its silo may not answer.</summary>
    public void ThrowUnlessOpen() => _life.ThrowUnlessOpen();

    /// <summary>
    /// Waits until the last durable sequence is above <paramref name="after"/>, a bounded time; gives that sequence, 0
    /// for none.
    /// </summary>
    public async Task<long> WaitForEventsAsync(long after)
    {
        await ReadyAsync();
        // An actor that does not exist has no events to wait for, and whoever waits keeps the activation that is to
        // leave.
        if (State.Sequence == 0)
            return 0;
        var (since, draining) = (_services.Time.GetTimestamp(), _services.Gate.Draining);
        while (_durable.Sequence <= after && !HasEnded && !draining.IsCancellationRequested)
            if (!await AdvancedAsync(since, _services.Bounds.LongPoll, draining))
                break;
        // A second activation never hears of the first one's events: a wait that heard nothing looks before it says
        // so.
        if (_durable.Sequence <= after)
            await ReadyAsync();
        return _durable.Sequence;
    }

    /// <summary>
    /// Waits until something becomes durable, what is left of a bound that began then, or the end; false once the bound
    /// is over.
    /// </summary>
    public async ValueTask<bool> AdvancedAsync(long since, TimeSpan bound, CancellationToken cancellation = default)
    {
        var left = bound - _services.Time.GetElapsedTime(since);
        if (left <= TimeSpan.Zero)
            return false;
        await _durable
            .NextAsync(left, _services.Time, cancellation)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        return true;
    }

    /// <summary>
    /// Commits tasks alone, each under the version of a row, as a run of that task: who is first refuses the other. It
    /// says nothing against this activation where it is refused.
    /// </summary>
    public async Task<CommitResult> CommitTasksAsync(
        TaskRun run,
        IReadOnlyList<TaskKey> removals,
        IReadOnlyList<TimedTask> schedules
    )
    {
        using var reservation = _services.Committer.TryReserve(_shard) ?? throw new StoreUnavailableException(Busy);
        return await _services.Committer.CommitAsync(
            reservation,
            new Commit
            {
                Id = _services.NextCommitId(),
                Shard = _shard,
                Token = new ActivationToken(),
                Removals = removals,
                Schedules = schedules,
                Run = run,
            }
        );
    }

    /// <summary>
    /// From here on calls are refused as by an activation that has ended: whoever tries again finds another one, or
    /// nothing.
    /// </summary>
    public void Close(string why) => _life.Close(why);

    /// <summary>
    /// One turn, no await: a place in the store's queue first, so that a full store refuses before anything is decided;
    /// then the decision, already applied to the state; then its commit into the queue.
    /// </summary>
    private bool TryDecide(TCommand command, FiredTask? task, out TResult result, out Task<CommitResult> head)
    {
        using var reservation = _services.Committer.TryReserve(_shard);
        if (reservation is null)
        {
            (result, head) = (null!, null!);
            return false;
        }

        try
        {
            var trace = Activity.Current?.Id ?? task?.Trace;
            result = _behavior.Execute(
                State,
                command,
                new DecisionInput(_services.Clock.GetUtcNow(), task?.Key, trace, _services.Committer.CommitBytesMax)
            );
            result.Sequence = State.Sequence;
            if (result.Changes)
                _pending = _services.Committer.CommitAsync(reservation, CommitOf(result, task, trace));
            head = _pending;
            _snapshots.Consider(head);
            return true;
        }
        catch (Exception e)
        {
            // A rule that throws half-way, or a commit too large, leaves the state ahead of what will ever be stored.
            throw EndBroken(command, e);
        }
    }

    private Commit CommitOf(TResult result, FiredTask? task, string? trace)
    {
        var byTaskOnly = result.EventCount == 0;
        if (byTaskOnly && task is null)
            throw new InvalidOperationException("A commit must have an event or complete a task.");
        return new Commit
        {
            Id = _services.NextCommitId(),
            Shard = _shard,
            Token = _life.Token,
            Actor = byTaskOnly ? null : _id,
            Events = byTaskOnly ? [] : _behavior.Write(result, trace),
            Schedules = result.Schedules,
            Removals = result.Removals,
            Rows = result.Rows,
            Run = byTaskOnly && task is { } fired ? new TaskRun(fired.Key, fired.Version) : null,
            Attachment = byTaskOnly ? null : _behavior.Attachment(State, result),
        };
    }

    /// <summary>
    /// What follows once the head that a decision saw is known: the activation ends, or those hear of it who wait for
    /// its events.
    /// </summary>
    private void Conclude(CommitResult committed, TResult result)
    {
        if (committed.Status != CommitStatus.Committed)
            throw _life.End(committed.Status);
        if (!result.Changes)
        {
            // No commit of its own says that this silo is still a member: the gate must, at the moment of the answer.
            _life.ThrowUnlessMember();
            return;
        }

        _confirmedAt = _services.Time.GetTimestamp();
        if (result.EventCount == 0)
            return;
        _durable.Advance(result.Sequence);
        _behavior.OnCommitted(State, result);
    }

    /// <summary>
    /// A task about something this state does not know: either this activation is not the newest (the check ends it,
    /// and the task runs again on the one that is), or the task is truly about nothing: it is removed, and somebody
    /// should look why it was there.
    /// </summary>
    private async ValueTask RemoveUnknownAsync(FiredTask task)
    {
        await _check.RunAsync();
        await CommitsCompletedAsync();
        _behavior.Report(_id, new ActorFailure.UnknownTask(task.Key));
        await CommitTasksAsync(new TaskRun(task.Key, task.Version), [task.Key], []);
    }

    /// <summary>
    /// Compares the stored head with this activation's: a higher one was written by another activation, and this one
    /// ends.
    /// </summary>
    private async Task CompareHeadAsync()
    {
        var sent = _services.Time.GetTimestamp();
        long stored;
        try
        {
            stored = await _services
                .Reader.HeadAsync(_id, CancellationToken.None)
                .WaitAsync(_services.Bounds.Read, _services.Time);
        }
        catch (Exception e)
        {
            throw new StoreUnavailableException($"The {_behavior.Noun}'s latest sequence could not be read.", e);
        }

        if (stored > State.Sequence)
            throw _life.End(CommitStatus.Stale);
        if (_life.EndedBecause is { } ended)
            throw new StoreUnavailableException(ended);
        _confirmedAt = Math.Max(_confirmedAt, sent);
    }

    /// <summary>
    /// The activation ends after a decision that failed: whoever asked is told so, for the next activation will fail at
    /// it, too.
    /// </summary>
    private DecisionFailedException EndBroken(TCommand command, Exception cause)
    {
        var name = command.GetType().Name;
        _behavior.Report(_id, new ActorFailure.DecisionFailed(name, cause));
        _life.End("A command failed unexpectedly.");
        return new DecisionFailedException($"Command {name} of {_behavior.Noun} {_id.Key} failed: {cause.Message}");
    }
}
