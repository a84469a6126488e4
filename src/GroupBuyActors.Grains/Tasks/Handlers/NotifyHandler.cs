using GroupBuyActors.Ports;

namespace GroupBuyActors.Tasks.Handlers;

/// <summary>
/// Hands a notice to a buyer. Nothing in the group depends on it, so that a commit of its own completes it.
/// </summary>
internal sealed class NotifyHandler(GroupCalls groups, INotices notices) : ITaskHandler
{
    public string Type => TaskTypes.Notify;

    public async Task<TaskVerdict> RunAsync(DueTask due, CancellationToken cancellation)
    {
        var notice = TaskPayloads.Read<NotifyTask>(due.Task.Payload);
        var order = new OrderId(GroupCalls.GroupOf(due.Task), notice.Order);
        var key = PortKeys.Notice(order, notice.Kind);
        var reply = await groups.AskAsync(due, c => notices.SendAsync(key, order, notice.UserId, notice.Kind, c));
        return reply.Answer switch
        {
            PortAnswer.Done => TaskVerdict.Finished(),
            PortAnswer.Refused => TaskVerdict.Failed(
                new RetryStep(RetryVerdict.Dead, TimeSpan.Zero, true),
                reply.Detail ?? "The notice service refused permanently."
            ),
            _ => TaskVerdict.Failed(due.AfterFailure(), reply.Detail ?? "The notice service did not answer."),
        };
    }
}
