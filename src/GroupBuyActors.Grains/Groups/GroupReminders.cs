using GroupBuyActors.Events;
using GroupBuyActors.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Timers;

namespace GroupBuyActors.Groups;

/// <summary>
/// The groups' backstop reminders, written in the background one at a time and with a pause after each: no caller waits
/// for one, and a merchant who publishes thousands of groups, or a silo that takes them over, does not take the
/// database away from joins. They are wanted, not needed: the exact wake-up is the group-deadline task, and a reminder
/// rings a minute after it at the earliest.
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
    private int _waiting;

    /// <summary>Keeps the reminder of a group just shelved, drops that of one just decided.</summary>
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

    /// <summary>Keeps the reminder of a group that something is still due for.</summary>
    public void KeepWhileNeeded(GroupState state)
    {
        if (IsNeeded(state) && state.Terms is { } terms)
            Keep(GrainOf(state), state.Id, terms.Deadline);
    }

    /// <summary>Drops the reminder of a group that nothing is due for.</summary>
    public void DropUnlessNeeded(GroupState state)
    {
        if (!IsNeeded(state))
            Drop(GrainOf(state));
    }

    private static bool IsNeeded(GroupState state) =>
        state.Phase is GroupPhase.OnShelf or GroupPhase.Opening or GroupPhase.Success;

    private static GrainId GrainOf(GroupState state) => GrainId.Create(GrainTypeName, state.Id.Value);

    /// <summary>
    /// Called in a turn of the group. Rings one to two minutes after the deadline, spread by the group's hash, and then
    /// every five.
    /// </summary>
    private void Keep(GrainId grain, GroupId group, DateTimeOffset deadline)
    {
        var spread = TimeSpan.FromMilliseconds(StableHash.Of(group.Value) % (ulong)Slack.TotalMilliseconds);
        var due = deadline + Slack + spread - clock.GetUtcNow();
        if (due < Slack)
            due = Slack + spread;
        InBackground(() => registry.RegisterOrUpdateReminder(grain, Name, due, Period), group.Value).Ignore();
    }

    /// <summary>Called in a turn of the group, at its end.</summary>
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
        // Not in the group's turns: it may be gone by then, and the place must come back all the same.
        await Task.Delay(GrainsOptions.ReminderPause, time).ConfigureAwait(false);
        _writers.Release();
    }
}
