using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Ports;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks.Handlers;

/// <summary>What handlers share: the way to a group, and bounded calls of ports.</summary>
internal sealed class GroupCalls(IGrainFactory grains, ClusterClock clock, IOptions<GrainsOptions> options)
{
    /// <summary>
    /// Brings a firing to its group; the group's commit completes the task. A decision that fails is a failed try, for
    /// it will not pass by itself: it is counted, told on the task, and somebody hears of it.
    /// </summary>
    public async Task<TaskVerdict> BringAsync(DueTask due, TaskFiring firing)
    {
        try
        {
            var result = await grains.GetGrain<IGroupTasks>(GroupOf(due.Task).Value).Run(firing);
            return result.RunAgainIn is { } delay ? TaskVerdict.RunAgain(delay) : TaskVerdict.Completed;
        }
        catch (DecisionFailedException e)
        {
            return TaskVerdict.Failed(due.AfterFailure(), e.Message);
        }
    }

    /// <summary>Ends a group's lapsed vouchers; true where it has more to do.</summary>
    public Task<bool> LapseAsync(GroupId group, string? trace) =>
        grains.GetGrain<IGroupTasks>(group.Value).LapseVouchers(trace);

    public Task<PortReply> AskAsync(DueTask due, Func<CancellationToken, Task<PortReply>> call) =>
        PortCalls.AskAsync(call, Bound(due), clock);

    public Task<PaymentFindings> AskAsync(DueTask due, Func<CancellationToken, Task<PaymentFindings>> call) =>
        PortCalls.AskAsync(call, Bound(due), clock);

    public static GroupId GroupOf(TimedTask task) =>
        task.Actor?.Group ?? throw new InvalidDataException($"Task {task.Key.Id} has no group.");

    private TimeSpan Bound(DueTask due) =>
        due.Policy.TryTimeout < options.Value.PortTimeout ? due.Policy.TryTimeout : options.Value.PortTimeout;
}
