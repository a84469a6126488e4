using GroupBuyActors.Hosting;
using GroupBuyActors.Ports;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Groups;

/// <summary>
/// Runs the tasks of groups, of whatever type: asks the ports what the type's rule wants to know, each call bounded,
/// and brings the answer to the group.
/// </summary>
internal sealed class GroupTaskHandler(
    IGroupTaskType type,
    IPayments payments,
    IInventory inventory,
    INotices notices,
    IGrainFactory grains,
    ClusterClock clock,
    IOptions<GrainsOptions> options
) : ITaskHandler
{
    public string Type => type.Name;

    public async Task<HandlerResult> RunAsync(DueTask due, CancellationToken cancellation)
    {
        PortAnswered? answered = null;
        while (true)
        {
            switch (type.Next(due, answered))
            {
                case GroupTaskStep.Ask ask:
                    answered = await QueryAsync(ask.Question, Bound(due));
                    continue;
                case GroupTaskStep.Deliver deliver:
                    return await DeliverAsync(due, deliver.Answer);
                case GroupTaskStep.Fail failed:
                    return new HandlerResult.Failed(failed.Step, failed.Reason);
                default:
                    return new HandlerResult.Finished();
            }
        }
    }

    /// <summary>
    /// Brings a firing to its group; the group's commit completes the task. A decision that fails is a failed try, for
    /// it will not pass by itself: it is counted, told on the task, and somebody hears of it.
    /// </summary>
    private async Task<HandlerResult> DeliverAsync(DueTask due, PortAnswered answered)
    {
        var group = due.Task.Actor?.Group ?? throw new InvalidDataException($"Task {due.Task.Key.Id} has no group.");
        try
        {
            var result = await grains.GetGrain<IGroupTasks>(group.Value).Run(TaskFiring.Of(due.Task, answered));
            return result.RunAgainIn is { } delay ? new HandlerResult.RunAgain(delay) : new HandlerResult.Completed();
        }
        catch (DecisionFailedException e)
        {
            return new HandlerResult.Failed(due.AfterFailure(), e.Message);
        }
    }

    private async Task<PortAnswered> QueryAsync(PortQuestion question, TimeSpan bound) =>
        question switch
        {
            PortQuestion.FindPayments find => PortAnswered.Of(
                question,
                await PortCalls.QueryAsync(c => payments.QueryAsync(find.Order, c), bound, clock)
            ),
            PortQuestion.RefundPayment refund => await ReplyAsync(
                question,
                c => payments.RefundAsync(refund.Key, refund.Order, refund.PaymentId, refund.Amount, c),
                bound
            ),
            PortQuestion.DeductStock deduct => await ReplyAsync(
                question,
                c => inventory.DeductAsync(deduct.Deduction, c),
                bound
            ),
            PortQuestion.ReleaseStock release => await ReplyAsync(
                question,
                c => inventory.ReleaseAsync(release.Release, c),
                bound
            ),
            PortQuestion.SendNotice notice => await ReplyAsync(
                question,
                c => notices.SendAsync(notice.Key, notice.Order, notice.UserId, notice.Kind, c),
                bound
            ),
            _ => throw new NotSupportedException($"No port answers {question.GetType().Name}."),
        };

    private async Task<PortAnswered> ReplyAsync(
        PortQuestion question,
        Func<CancellationToken, Task<PortReply>> call,
        TimeSpan bound
    ) => PortAnswered.Of(question, await PortCalls.QueryAsync(call, bound, clock));

    private TimeSpan Bound(DueTask due) =>
        due.Policy.TryTimeout < options.Value.PortTimeout ? due.Policy.TryTimeout : options.Value.PortTimeout;
}
