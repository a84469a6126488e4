using GroupBuyActors.Hosting;
using GroupBuyActors.Membership;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Timers;

namespace GroupBuyActors.Groups;

/// <summary>
/// The groups' backstop reminders, written in the background a few at a time: no caller waits for one, and a silo that takes over
/// thousands of groups does not flood the reminder table. They are wanted, not needed: the exact wake-up is the group-deadline task.
/// </summary>
internal sealed class GroupReminders(IReminderRegistry registry, ClusterClock clock, IOptions<GrainsOptions> options, ILogger<GroupReminders> log)
{
    private const string Name = "deadline";
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(1);
    private readonly SemaphoreSlim _writers = new(4);
    private int _waiting;

    /// <summary>Called in a turn of the group. Rings one to two minutes after the deadline, spread by the group's hash, and then every five.</summary>
    public void Keep(GrainId grain, GroupId group, DateTimeOffset deadline)
    {
        var spread = TimeSpan.FromMilliseconds(StableHash.Of(group.Value) % (ulong)Slack.TotalMilliseconds);
        var due = deadline + Slack + spread - clock.GetUtcNow();
        if (due < Slack) due = Slack + spread;
        InBackground(() => registry.RegisterOrUpdateReminder(grain, Name, due, Period), group.Value).Ignore();
    }

    /// <summary>Called in a turn of the group, at its end.</summary>
    public void Drop(GrainId grain) => InBackground(async () =>
    {
        if (await registry.GetReminder(grain, Name) is { } reminder) await registry.UnregisterReminder(grain, reminder);
    }, grain.Key.ToString()!).Ignore();

    private async Task InBackground(Func<Task> write, string group)
    {
        if (Interlocked.Increment(ref _waiting) > options.Value.RemindersWaitingMax)
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
                _writers.Release();
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
}
