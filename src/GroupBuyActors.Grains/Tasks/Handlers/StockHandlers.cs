using GroupBuyActors.Groups;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Tasks.Handlers;

/// <summary>
/// Deducts stock, after success or for what settlement still misses. Refused for good, or silent through all tries: the
/// group hears that it is refused and compensates.
/// </summary>
internal sealed class SuccessSagaHandler(GroupCalls groups, IInventory inventory) : ITaskHandler
{
    public string Type => TaskTypes.SuccessSaga;

    public async Task<TaskVerdict> RunAsync(DueTask due, CancellationToken cancellation)
    {
        var deduction = TaskPayloads.Read<DeductTask>(due.Task.Payload).Deduction;
        var reply = due.DecidesWithout
            ? new PortReply(PortAnswer.Silent, due.Task.LastError)
            : await groups.AskAsync(due, c => inventory.DeductAsync(deduction, c));
        if (due.TriesAgain(reply, out var again))
            return again;
        if (reply.Answer == PortAnswer.Silent)
            reply = reply with { Answer = PortAnswer.Refused };
        return await groups.BringAsync(due, TaskFiring.Of(due.Task, reply));
    }
}

/// <summary>
/// Gives stock back, one call a cause; or, for the guard of a publication, abandons an attempt that is still open.
/// </summary>
internal sealed class StockRollbackHandler(GroupCalls groups, IInventory inventory) : ITaskHandler
{
    public string Type => TaskTypes.StockRollback;

    public async Task<TaskVerdict> RunAsync(DueTask due, CancellationToken cancellation)
    {
        var rollback = TaskPayloads.Read<ReleaseTask>(due.Task.Payload);
        if (rollback.GuardsAttempt is not null)
            return await groups.BringAsync(due, TaskFiring.Of(due.Task));
        var reply = await groups.AskAsync(due, c => inventory.ReleaseAsync(rollback.Release, c));
        return reply.Answer == PortAnswer.Done
            ? await groups.BringAsync(due, TaskFiring.Of(due.Task, reply))
            : TaskVerdict.Failed(due.AfterFailure(), reply.Detail ?? $"The inventory service answered {reply.Answer}.");
    }
}
