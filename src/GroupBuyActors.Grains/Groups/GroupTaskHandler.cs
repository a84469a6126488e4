using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>
/// Runs the tasks of groups of one type: asks the ports the questions of the type's rule, with a time limit for each
/// call, and delivers the answer to the group.
/// </summary>
internal sealed class GroupTaskHandler(IGroupTaskType type, PortCalls ports, IGrainFactory grains) : ITaskHandler
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
                    answered = await ports.AskAsync(ask.Question, due.Policy.TryTimeout);
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
    /// Delivers a due task to its group; the group's commit completes the task. A decision that fails is a failed try,
    /// because it does not succeed by itself: it is counted, shown on the task, and alerts operators.
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
}
