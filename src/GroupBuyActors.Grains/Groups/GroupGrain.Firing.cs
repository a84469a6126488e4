using GroupBuyActors.Committing;
using GroupBuyActors.Events;

namespace GroupBuyActors.Groups;

/// <summary>What timed tasks and the backstop reminder bring.</summary>
internal sealed partial class GroupGrain
{
    public async Task<FiringResult> Run(TaskFiring firing)
    {
        if (_malformed)
            throw new NotSupportedException("This is not a valid group id.");
        await Ready();
        if (!TryDecide(firing.Command(), firing, out var decided, out var head))
            throw new StoreUnavailableException("The database accepts no more changes at the moment. Try again later.");
        Conclude(await head, decided);
        if (decided.NotYet is { } early)
            return new FiringResult(early > TimeSpan.Zero ? early : TimeSpan.FromMilliseconds(1));
        if (decided.Unknown)
            await RemoveUnknown(firing);
        var goesOn =
            firing.Type == GroupSettle.TypeName && _state.HasPendingFanOut && !decided.Removals.Contains(firing.Key);
        return goesOn ? new FiringResult(TimeSpan.Zero) : FiringResult.Completed;
    }

    public async Task<bool> LapseVouchers(string? trace)
    {
        if (_malformed)
            return false;
        await Ready();
        if (!TryDecide(new GroupCommand.LapseVouchers(), null, out var decided, out var head))
            throw new StoreUnavailableException("The database accepts no more changes at the moment. Try again later.");
        Conclude(await head, decided);
        return decided.Events.Count > 0 && _state.HasPendingFanOut;
    }

    /// <summary>
    /// A task about something this state does not know: either this activation is not the newest (the check ends it,
    /// and the task runs again on the one that is), or the task is truly about nothing: it is removed, and somebody
    /// should look why it was there.
    /// </summary>
    private async ValueTask RemoveUnknown(TaskFiring firing)
    {
        await _head.RunAsync();
        await CommitsCompleted();
        GroupLog.UnknownTask(services.Log, _id, firing.TaskId, firing.Type);
        using var reservation =
            services.Committer.TryReserve(_shard)
            ?? throw new StoreUnavailableException(
                "The database accepts no more changes at the moment. Try again later."
            );
        // A token of its own: that somebody else removed the task already says nothing against this activation.
        await services.Committer.CommitAsync(
            reservation,
            new Commit
            {
                Id = services.IdGenerator.NextCommitId(),
                Shard = _shard,
                Token = new ActivationToken(),
                Removals = [firing.Key],
                Run = new TaskRun(firing.Key, firing.Version),
            }
        );
    }

    /// <summary>The backstop: wakes the group even if every one of its tasks were lost.</summary>
    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        if (_malformed)
            return;
        await Answer<GroupView>(new GroupCommand.Settle());
        await RepairOverdueTasks();
        if (!NeedsReminder)
            services.Reminders.Drop(this.GetGrainId());
    }

    private bool NeedsReminder => _state.Phase is GroupPhase.OnShelf or GroupPhase.Opening or GroupPhase.Success;

    /// <summary>Keeps the reminder of a group just shelved, drops that of one just decided.</summary>
    private void Remind(CommandResult decided)
    {
        foreach (var recorded in decided.Events)
        {
            if (recorded.Event is GroupShelved)
                KeepReminder();
            else if (recorded.Event is GroupFulfilled or GroupExpired { Reason: not ExpiryReason.VouchersLapsed })
                services.Reminders.Drop(this.GetGrainId());
        }
    }

    private void KeepReminder()
    {
        if (NeedsReminder && _state.Terms is { } terms)
            services.Reminders.Keep(this.GetGrainId(), _id, terms.Deadline);
    }
}
