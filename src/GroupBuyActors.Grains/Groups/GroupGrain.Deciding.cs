using System.Diagnostics;
using GroupBuyActors.Committing;
using GroupBuyActors.Events;
using GroupBuyActors.Store.Projections;

namespace GroupBuyActors.Groups;

/// <summary>Decide → commit → reply.</summary>
internal sealed partial class GroupGrain
{
    /// <summary>
    /// Decides a command, waits until what was decided and everything it was decided on is durable, and answers. One
    /// method for all commands, and as few awaits as there are waits: this is the path that every join takes.
    /// </summary>
    private async Task<Reply<T>> Answer<T>(GroupCommand command)
        where T : class
    {
        if (_malformed)
            return Malformed<T>();
        ThrowUnlessOpen();
        if (!TryDecide(command, null, out var decided, out var head))
        {
            services.Metrics.Command(command, "store_busy");
            return Refused<T>(
                RefusalCode.StoreUnavailable,
                "The database accepts no more changes at the moment. Try again later."
            );
        }

        Conclude(await head, decided);
        // A commit proves that this activation is the newest, for another's events would have refused it. What changes
        // nothing proves nothing, and an order or task unknown here may be known to the newest one.
        if (decided.Unknown || (!decided.Changes && !IsConfirmed))
        {
            await _head.RunAsync();
            await CommitsCompleted();
        }

        if (await AskPort(command, decided) is { } next)
            return await Answer<T>(next);
        services.Metrics.Command(command, decided);
        return new Reply<T>
        {
            Value = (T?)decided.Answer,
            Refusal = decided.Refusal,
            Outcome = decided.Outcome,
            Replayed = decided.Replayed,
        };
    }

    /// <summary>
    /// Where a port must be asked before the command can be answered: what to decide next, with its answer. Never
    /// inside a decision.
    /// </summary>
    private async ValueTask<GroupCommand?> AskPort(GroupCommand command, CommandResult decided)
    {
        if (decided.Question is { } question && command is GroupCommand.Pay pay)
        {
            var findings = await PortCalls.QueryAsync(
                c => services.Payments.QueryAsync(question.Order, c),
                services.Options.PortTimeout,
                services.Time
            );
            return pay with { Findings = findings };
        }

        if (decided.Reserve is not { } reserve)
            return null;
        var reply = await PortCalls.QueryAsync(
            c => services.Inventory.ReserveAsync(reserve.Reservation, c),
            services.Options.PortTimeout,
            services.Time
        );
        return new GroupCommand.Reserved(reserve.Attempt, reply, (command as GroupCommand.Publish)?.Request);
    }

    /// <summary>
    /// One turn, no await: a place in the store's queue first, so that a full store refuses before anything is decided;
    /// then the decision, already applied to the state; then its commit into the queue.
    /// </summary>
    private bool TryDecide(
        GroupCommand command,
        TaskFiring? firing,
        out CommandResult decided,
        out Task<CommitResult> head
    )
    {
        using var reservation = services.Committer.TryReserve(_shard);
        if (reservation is null)
        {
            (decided, head) = (null!, null!);
            return false;
        }

        try
        {
            var trace = Activity.Current?.Id ?? firing?.Trace;
            decided = GroupMachine.Handle(
                _state,
                command,
                new CommandContext
                {
                    Clock = services.Clock.GetUtcNow(),
                    Settings = services.Settings,
                    NewSecret = services.NewSecret,
                    Completes = firing?.Key,
                    Trace = trace,
                    CommitBytesMax = services.Committer.CommitBytesMax,
                }
            );
            if (decided.Changes)
                _pending = services.Committer.CommitAsync(reservation, CommitOf(decided, firing, trace));
            head = _pending;
            ConsiderSnapshot(head);
            return true;
        }
        catch (Exception e)
        {
            // A rule that throws half-way, or a commit too large, leaves the state ahead of what will ever be stored.
            throw EndBroken(command, e);
        }
    }

    private Commit CommitOf(CommandResult decided, TaskFiring? firing, string? trace)
    {
        var events = new JournalEvent[decided.Events.Count];
        for (var i = 0; i < events.Length; i++)
        {
            var recorded = decided.Events[i];
            events[i] = new JournalEvent(
                recorded.Sequence,
                GroupEvents.NameOf(recorded.Event),
                GroupEvents.VersionOf(recorded.Event),
                recorded.Time,
                JournalPayload.Write(recorded),
                trace
            );
        }

        var byTaskOnly = events.Length == 0;
        if (byTaskOnly && firing is null)
            throw new InvalidOperationException("A commit must have an event or complete a task.");
        return new Commit
        {
            Id = services.IdGenerator.NextCommitId(),
            Shard = _shard,
            Token = _token,
            Actor = byTaskOnly ? null : _state.Actor,
            Events = events,
            Schedules = decided.Schedules,
            Removals = decided.Removals,
            Rows = decided.Statuses,
            Run = byTaskOnly ? new TaskRun(firing!.Key, firing.Version) : null,
            Attachment = byTaskOnly
                ? null
                : new ProjectionChange(
                    _id,
                    _state.Sequence,
                    GroupLoader.RowOf(
                        _state,
                        withTerms: decided.Events.Exists(recorded => recorded.Event is GroupShelved)
                    ),
                    decided.Payments
                ),
        };
    }

    /// <summary>
    /// What follows once the head that a decision saw is known: the activation ends, or those hear of it who wait for
    /// its events.
    /// </summary>
    private void Conclude(CommitResult result, CommandResult decided)
    {
        if (result.Status != CommitStatus.Committed)
            throw End(result.Status);
        if (!decided.Changes)
        {
            // No commit of its own says that this silo is still a member: the gate must, at the moment of the answer.
            if (services.Gate.RefusesBecause is { } closed)
                throw new StoreUnavailableException(closed);
            return;
        }

        _confirmedAt = services.Time.GetTimestamp();
        if (decided.Events.Count == 0)
            return;
        Advance(decided.Events[^1].Sequence);
        services.Metrics.Transitions(decided.Events);
        if (decided.Alert is { } alert)
            GroupLog.Alert(services.Log, _id, alert);
        if (decided.Warning is { } warning)
            GroupLog.Warning(services.Log, _id, warning);
        Remind(decided);
    }

    private void Advance(long sequence)
    {
        if (sequence <= _durable)
            return;
        _durable = sequence;
        var waiting = _advanced;
        _advanced = null;
        waiting?.TrySetResult();
    }

    /// <summary>For answers that decided nothing: waits for the head they saw. Nothing pending: at once.</summary>
    private async ValueTask CommitsCompleted()
    {
        var head = _pending;
        if ((await head).Status != CommitStatus.Committed)
            throw End(head.Result.Status);
        if (services.Gate.RefusesBecause is { } why)
            throw new StoreUnavailableException(why);
    }

    /// <summary>
    /// Throws unless this activation may decide; one that heard nothing from the store for long looks first whether it
    /// is still the newest.
    /// </summary>
    private ValueTask Ready()
    {
        ThrowUnlessOpen();
        return IsConfirmed ? default : new ValueTask(_head.RunAsync());
    }

    private void ThrowUnlessOpen()
    {
        // One that could not be loaded leaves whatever the gate says: a closed gate must not keep it.
        if (_endedBecause is { } ended)
            throw End(ended);
        if (services.Gate.RefusesBecause is { } closed)
            throw new StoreUnavailableException(closed);
    }

    /// <summary>True while the store has said lately enough that no other activation is newer.</summary>
    private bool IsConfirmed => services.Time.GetElapsedTime(_confirmedAt) <= services.Options.IdleHeadBound;

    /// <summary>
    /// Compares the stored head with this activation's: a higher one was written by another activation, and this one
    /// ends.
    /// </summary>
    private async Task ReadHead()
    {
        var sent = services.Time.GetTimestamp();
        long stored;
        try
        {
            stored = await services
                .Reader.HeadAsync(_state.Actor, CancellationToken.None)
                .WaitAsync(services.Options.PortTimeout, services.Time);
        }
        catch (Exception e)
        {
            throw new StoreUnavailableException("The group's latest sequence could not be read.", e);
        }

        if (stored > _state.Sequence)
            throw End(CommitStatus.Stale);
        if (_endedBecause is { } ended)
            throw new StoreUnavailableException(ended);
        _confirmedAt = Math.Max(_confirmedAt, sent);
    }

    private StoreUnavailableException End(CommitStatus status) =>
        End(
            status == CommitStatus.Stale
                ? "Another activation of the group committed first."
                : "The change could not be stored."
        );

    /// <summary>
    /// The same after a decision that failed: whoever asked is told so, for the next activation will fail at it, too.
    /// </summary>
    private DecisionFailedException EndBroken(GroupCommand command, Exception cause)
    {
        var name = command.GetType().Name;
        GroupLog.DecisionFailed(services.Log, cause, _id, name);
        End("A command failed unexpectedly.");
        return new DecisionFailedException($"Command {name} of group {_id} failed: {cause.Message}");
    }

    /// <summary>
    /// Ends this activation with everything decided on top of what failed; the next one loads the true state.
    /// </summary>
    private StoreUnavailableException End(string why, Exception? cause = null)
    {
        _token.Poison();
        if (_endedBecause is null)
            GroupLog.Ended(services.Log, cause, _id, why);
        _endedBecause ??= why;
        _advanced?.TrySetResult();
        DeactivateOnIdle();
        return new StoreUnavailableException(why, cause);
    }
}
