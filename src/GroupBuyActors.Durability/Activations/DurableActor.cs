using System.Diagnostics;
using GroupBuyActors.Committing;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Activations;

/// <summary>A due task that delivers a command to its actor.</summary>
/// <param name="Key">Its row.</param>
/// <param name="Version">Its version when it ran.</param>
/// <param name="Trace">W3C traceparent of what caused it, or null.</param>
internal readonly record struct FiredTask(TaskKey Key, int Version, string? Trace);

/// <summary>
/// One activation of a durable actor of any kind. Its host (a grain) composes one and calls it in its turns.
/// <para>
/// A command is decided and applied to the state in one turn, without an await between; its commit is awaited
/// afterwards, while the next commands are decided on top of it. The host must therefore allow turns to interleave. The
/// state is ahead of the store, and one rule makes this safe: no answer leaves the actor before the head it was decided
/// on is committed, refusals and repeated answers included.
/// </para>
/// <para>
/// A commit that is refused or not made ends the activation with everything that was decided on top: its token is
/// poisoned, callers get <see cref="StoreUnavailableException"/>, and their repeated requests reach an activation that
/// has loaded the stored state.
/// </para>
/// </summary>
internal sealed partial class DurableActor<TState, TCommand, TResult>
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
    private readonly ActivationLifetime _lifetime;
    private readonly HeadCheck _check;
    private SnapshotWriter<TState, TCommand, TResult> _snapshots = null!;

    /// <summary>
    /// The newest commit. A lane keeps the order of a shard's commits, so that once its result is known, the results of
    /// all before it are known.
    /// </summary>
    private Task<CommitResult> _pending = Task.FromResult(new CommitResult(CommitStatus.Committed, default));

    // Null until a commit or the journal has confirmed that this activation is the newest.
    private long? _confirmedAt;

    /// <summary>Creates an activation; <see cref="ActivateAsync"/> loads its state.</summary>
    public DurableActor(
        ActorId id,
        ActorBehavior<TState, TCommand, TResult> behavior,
        ActorServices services,
        IActorHost host
    )
    {
        (_id, _shard, _behavior, _services) = (id, id.Shard, behavior, services);
        _lifetime = new ActivationLifetime(
            services.Gate,
            _shard,
            host,
            _durable,
            behavior.Noun,
            why => behavior.Report(id, new ActorFailure.Ended(why, null))
        );
        _check = new HeadCheck(CompareHeadAsync);
    }

    /// <summary>The state, ahead of the store; null if it could not be loaded.</summary>
    public TState State { get; private set; } = null!;

    public bool HasEnded => _lifetime.EndReason is not null;

    /// <summary>The cluster's time, but not before the last event.</summary>
    public DateTimeOffset Now =>
        _services.Clock.GetUtcNow() is var now && now > State.UpdatedAt ? now : State.UpdatedAt;

    private bool IsConfirmed =>
        _confirmedAt is { } at && _services.Time.GetElapsedTime(at) <= _services.Bounds.IdleHead;

    /// <summary>
    /// Uses the state that was sent by the activation before, if there is one, and loads it otherwise. If that fails,
    /// the activation begins all the same, and refuses calls.
    /// </summary>
    public async Task ActivateAsync(CancellationToken cancellation, ShippedActor? shipped = null)
    {
        // What was sent is kept also while the silo may not answer: then nothing could be loaded.
        if ((shipped is not null && TryAccept(shipped)) || _lifetime.IsClosedWithSilo())
            return;
        try
        {
            _confirmedAt = _services.Time.GetTimestamp();
            var stored = await _services.Reader.LoadAsync(_id, cancellation);
            Begin(ActorLoader.Build(_behavior.Format, _id, stored), stored.SnapshotSequence);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            var isNewer = _behavior.IsOfNewerRelease(e);
            _behavior.Report(_id, new ActorFailure.NotLoaded(isNewer, e));
            State = null!;
            _lifetime.Close(
                isNewer
                    ? $"The {_behavior.Noun} was written by a newer release than this silo runs."
                    : $"The {_behavior.Noun} could not be loaded."
            );
        }
    }

    /// <summary>
    /// Decides a command, waits until its events and everything they were decided on are durable, and answers. One
    /// method for all commands, with as few awaits as possible, because every call takes this path.
    /// </summary>
    public async Task<TReply> AnswerAsync<TReply>(TCommand command, Func<TCommand, TResult, TReply> reply)
    {
        while (true)
        {
            _lifetime.ThrowUnlessOpen();
            if (!TryDecide(command, null, out var result, out var head))
                return reply(command, _behavior.StoreIsBusy ?? throw new StoreUnavailableException(Busy));
            Conclude(await head, result);
            // A commit proves that this activation is the newest, because another's events would have refused it. A
            // result that changes nothing proves nothing, and what is unknown here may be known to a newer activation.
            if (result.Outcome is Outcome.Unknown || (!result.Changes && !IsConfirmed))
            {
                await _check.RunAsync();
                await CommitsCompletedAsync();
            }

            if (result.Outcome is not Outcome.AsksPort asked)
                return reply(command, result);
            command = await AskPortAsync(command, asked);
        }
    }

    /// <summary>
    /// Reads the state, and answers once all of it is durable. If the state does not know what was asked for, the head
    /// is compared first, because a newer activation may know it.
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
    /// Decides a command of a due task, or of a call without an answer of its own. A task is completed by the commit of
    /// its effect. Throws <see cref="StoreUnavailableException"/> while the commit queue is full.
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
    /// Throws unless this activation may answer. After a long time without a confirmed commit or head, it first checks
    /// whether it is still the newest.
    /// </summary>
    public ValueTask ReadyAsync()
    {
        _lifetime.ThrowUnlessOpen();
        return IsConfirmed ? default : new ValueTask(_check.RunAsync());
    }

    /// <summary>
    /// For answers that decided nothing: waits until the head they were read at is durable. Completes at once if
    /// nothing is pending.
    /// </summary>
    public async ValueTask CommitsCompletedAsync()
    {
        var head = _pending;
        if ((await head).Status != CommitStatus.Committed)
            throw _lifetime.End(head.Result.Status);
        _lifetime.ThrowUnlessMember();
    }

    public void ThrowUnlessOpen() => _lifetime.ThrowUnlessOpen();

    /// <summary>
    /// Waits a bounded time until the last durable sequence, 0 for none, is above <paramref name="after"/>; returns it.
    /// </summary>
    public async Task<long> WaitForEventsAsync(long after)
    {
        await ReadyAsync();
        // An actor that does not exist has no events to wait for, and a wait would keep its activation in memory.
        if (State.Sequence == 0)
            return 0;
        var (since, draining) = (_services.Time.GetTimestamp(), _services.Gate.Draining);
        while (_durable.Sequence <= after && !HasEnded && !_isLeaving && !draining.IsCancellationRequested)
            if (!await WaitForAdvanceAsync(since, _services.Bounds.LongPoll, draining))
                break;
        // A second activation is not notified of the first one's events, so it compares its head before it reports that
        // there are none.
        if (_durable.Sequence <= after)
            await ReadyAsync();
        return _durable.Sequence;
    }

    /// <summary>
    /// Waits until something becomes durable, the activation ends, or <paramref name="bound"/> has passed since the
    /// timestamp <paramref name="since"/>; false if it had passed before the call.
    /// </summary>
    public async ValueTask<bool> WaitForAdvanceAsync(
        long since,
        TimeSpan bound,
        CancellationToken cancellation = default
    )
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
    /// Commits tasks without an event, as one run of a task: of two commits for the same run, the first wins and the
    /// other is refused. A refusal does not end this activation.
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
    /// Refuses calls from now on, like an ended activation; a repeated call reaches a new one.
    /// </summary>
    public void Close(string why) => _lifetime.Close(why);

    /// <summary>
    /// One turn without an await: first a reservation in the commit queue, so that a full queue refuses before anything
    /// is decided; then the decision, which is applied to the state; then its commit is queued.
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
            // A rule that throws half-way, or a commit that is too large, leaves changes in the state that will never
            // be stored.
            throw EndAfterFault(command, e);
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
            Token = _lifetime.Token,
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
    /// Handles the result of the newest commit at the time of a decision: ends the activation if it is not committed,
    /// otherwise notifies those who wait for events.
    /// </summary>
    private void Conclude(CommitResult committed, TResult result)
    {
        if (committed.Status != CommitStatus.Committed)
            throw _lifetime.End(committed.Status);
        if (!result.Changes)
        {
            // Without a commit of its own, only the gate shows that this silo is still a member, so it is checked right
            // before the answer.
            _lifetime.ThrowUnlessMember();
            return;
        }

        _confirmedAt = _services.Time.GetTimestamp();
        if (result.EventCount == 0)
            return;
        _durable.Advance(result.Sequence);
        _behavior.OnCommitted(State, result);
    }

    /// <summary>
    /// A task about something that this state does not know. Either this activation is not the newest: then the check
    /// ends it, and the task runs again on the newest one. Or it does not exist: then the task is removed, and reported
    /// so that its cause is investigated.
    /// </summary>
    private async ValueTask RemoveUnknownAsync(FiredTask task)
    {
        await _check.RunAsync();
        await CommitsCompletedAsync();
        _behavior.Report(_id, new ActorFailure.UnknownTask(task.Key));
        await CommitTasksAsync(new TaskRun(task.Key, task.Version), [task.Key], []);
    }

    /// <summary>
    /// Compares heads: a higher stored head was written by another activation, so this one ends.
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
            throw _lifetime.End(CommitStatus.Stale);
        if (_lifetime.EndReason is { } ended)
            throw new StoreUnavailableException(ended);
        _confirmedAt = Math.Max(_confirmedAt ?? sent, sent);
    }

    /// <summary>
    /// Ends the activation. The caller gets another exception, because the next activation will fail at the command,
    /// too.
    /// </summary>
    private DecisionFailedException EndAfterFault(TCommand command, Exception cause)
    {
        var name = command.GetType().Name;
        _behavior.Report(_id, new ActorFailure.DecisionFailed(name, cause));
        _lifetime.End("A command failed unexpectedly.");
        return new DecisionFailedException($"Command {name} of {_behavior.Noun} {_id.Key} failed: {cause.Message}");
    }
}
