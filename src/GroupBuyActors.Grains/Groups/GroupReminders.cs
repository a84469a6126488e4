using System.Collections.Concurrent;
using GroupBuyActors.Events;
using GroupBuyActors.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Timers;

namespace GroupBuyActors.Groups;

/// <summary>
/// The groups' backstop reminders, written in the background one at a time with a pause after each: no caller waits for
/// one, and thousands of publications, or a silo that takes over many groups, do not slow down joins. Nothing depends
/// on them: the group-deadline task fires at the exact time, and a reminder at least a minute later.
/// </summary>
internal sealed class GroupReminders(
    IReminderRegistry registry,
    ClusterClock clock,
    TimeProvider time,
    ILogger<GroupReminders> log
)
{
    public const string GrainTypeName = "group";

    private const string Name = "deadline";
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(1);
    private readonly SemaphoreSlim _writers = new(1);
    private readonly ConcurrentDictionary<GrainId, byte> _unwritten = new();
    private int _waiting;

    /// <summary>
    /// Writes the reminder of a group that was just shelved, and removes that of one that has just ended.
    /// </summary>
    public void Follow(GroupState state, List<RecordedEvent> events)
    {
        foreach (var recorded in events)
        {
            if (recorded.Event is GroupShelved)
                KeepWhileNeeded(state);
            else if (recorded.Event is GroupFulfilled or GroupExpired { Reason: not ExpiryReason.VouchersLapsed })
                Drop(GrainOf(state));
        }
    }

    /// <summary>Writes the reminder of a group that still has a deadline.</summary>
    public void KeepWhileNeeded(GroupState state)
    {
        if (IsNeeded(state) && state.Terms is { } terms)
            Keep(GrainOf(state), state.Id, terms.Deadline);
    }

    /// <summary>Removes the reminder of a group that has none.</summary>
    public void DropUnlessNeeded(GroupState state)
    {
        if (!IsNeeded(state))
            Drop(GrainOf(state));
    }

    /// <summary>
    /// Called when the group is deactivated: true if its reminder is still to be written, or could not be. Its next
    /// activation writes it then.
    /// </summary>
    public bool Forget(GrainId grain) => _unwritten.TryRemove(grain, out _);

    private static bool IsNeeded(GroupState state) =>
        state.Phase is GroupPhase.OnShelf or GroupPhase.Opening or GroupPhase.Success;

    private static GrainId GrainOf(GroupState state) => GrainId.Create(GrainTypeName, state.Id.Value);

    /// <summary>
    /// Called in a turn of the group. The reminder fires one to two minutes after the deadline, spread by the group's
    /// hash, and then every five minutes.
    /// </summary>
    private void Keep(GrainId grain, GroupId group, DateTimeOffset deadline)
    {
        var spread = TimeSpan.FromMilliseconds(StableHash.Of(group.Value) % (ulong)Slack.TotalMilliseconds);
        var due = deadline + Slack + spread - clock.GetUtcNow();
        if (due < Slack)
            due = Slack + spread;
        _unwritten[grain] = 0;
        InBackground(
                async () =>
                {
                    await registry.RegisterOrUpdateReminder(grain, Name, due, Period);
                    _unwritten.TryRemove(grain, out _);
                },
                group.Value
            )
            .Ignore();
    }

    /// <summary>Called in a turn of the group, after its end.</summary>
    private void Drop(GrainId grain) =>
        InBackground(
                async () =>
                {
                    if (await registry.GetReminder(grain, Name) is { } reminder)
                        await registry.UnregisterReminder(grain, reminder);
                },
                grain.Key.ToString()!
            )
            .Ignore();

    private async Task InBackground(Func<Task> write, string group)
    {
        if (Interlocked.Increment(ref _waiting) > GrainsOptions.RemindersWaitingMax)
        {
            Interlocked.Decrement(ref _waiting);
            return;
        }

        try
        {
            await _writers.WaitAsync();
            try
            {
                await write();
            }
            finally
            {
                ReleaseAfterPause().Ignore();
            }
        }
        catch (Exception e)
        {
            GroupLog.ReminderFailed(log, e, group);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private async Task ReleaseAfterPause()
    {
        // Not in the group's turns: the group may be deactivated by then, and the slot must still be released.
        await Task.Delay(GrainsOptions.ReminderPause, time).ConfigureAwait(false);
        _writers.Release();
    }
}
