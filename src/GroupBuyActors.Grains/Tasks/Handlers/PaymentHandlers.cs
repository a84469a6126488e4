using GroupBuyActors.Groups;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Tasks.Handlers;

/// <summary>
/// Closes an unpaid order when its window is over, after the provider was asked; where it stays silent, without its
/// answer.
/// </summary>
internal sealed class OrderCloseHandler(GroupCalls groups, IPayments payments) : ITaskHandler
{
    private static readonly PaymentFindings NotAsked = new(
        PortAnswer.Silent,
        [],
        "The payment provider was not asked again."
    );

    public string Type => TaskTypes.OrderClose;

    public async Task<TaskVerdict> RunAsync(DueTask due, CancellationToken cancellation)
    {
        var order = new OrderId(GroupCalls.GroupOf(due.Task), TaskPayloads.Read<OrderTask>(due.Task.Payload).Order);
        var findings = due.DecidesWithout ? NotAsked : await groups.AskAsync(due, c => payments.AskAsync(order, c));
        if (due.TriesAgain(new PortReply(findings.Answer, findings.Detail), out var again))
            return again;
        // A provider that will never say is as good as silent: the order closes, and payment-check looks after the
        // money.
        if (findings.Answer == PortAnswer.Refused)
            findings = findings with { Answer = PortAnswer.Silent };
        return await groups.BringAsync(due, TaskFiring.Of(due.Task, findings));
    }
}

/// <summary>Asks about an order closed unpaid until the provider has answered: money it holds is refunded.</summary>
internal sealed class PaymentCheckHandler(GroupCalls groups, IPayments payments) : ITaskHandler
{
    public string Type => TaskTypes.PaymentCheck;

    public async Task<TaskVerdict> RunAsync(DueTask due, CancellationToken cancellation)
    {
        var order = new OrderId(GroupCalls.GroupOf(due.Task), TaskPayloads.Read<OrderTask>(due.Task.Payload).Order);
        var findings = await groups.AskAsync(due, c => payments.AskAsync(order, c));
        return findings.Answer == PortAnswer.Done
            ? await groups.BringAsync(due, TaskFiring.Of(due.Task, findings))
            : TaskVerdict.Failed(due.AfterFailure(), findings.Detail ?? "The payment provider did not answer.");
    }
}

/// <summary>
/// Gives a payment back, under one number for ever; its group notes it in the commit that completes the task. A call
/// that may be a repeat comes after a question: a refund that was made and whose answer was lost is not made again, and
/// while the provider does not say, none is. Money that it neither holds nor gave back is called for again: the number
/// makes that safe, and counting it as given back would not be.
/// </summary>
internal sealed class RefundHandler(GroupCalls groups, IPayments payments) : ITaskHandler
{
    public string Type => TaskTypes.Refund;

    public async Task<TaskVerdict> RunAsync(DueTask due, CancellationToken cancellation)
    {
        var refund = TaskPayloads.Read<RefundTask>(due.Task.Payload);
        var order = new OrderId(GroupCalls.GroupOf(due.Task), refund.Order);
        var key = PortKeys.Refund(order, refund.PaymentId);
        if (due.MayRepeat)
        {
            var findings = await groups.AskAsync(due, c => payments.AskAsync(order, c));
            if (findings.Answer != PortAnswer.Done)
                return TaskVerdict.Failed(
                    due.AfterFailure(),
                    findings.Detail ?? "The payment provider does not report whether the refund was already made."
                );
            if (findings.GivenBack.Contains(refund.PaymentId))
                return await groups.BringAsync(due, TaskFiring.Of(due.Task, PortReply.Done));
        }

        var reply = await groups.AskAsync(
            due,
            c => payments.RefundAsync(key, order, refund.PaymentId, refund.Amount, c)
        );
        return reply.Answer == PortAnswer.Done
            ? await groups.BringAsync(due, TaskFiring.Of(due.Task, reply))
            : TaskVerdict.Failed(due.AfterFailure(), reply.Detail ?? $"The payment provider answered {reply.Answer}.");
    }
}
