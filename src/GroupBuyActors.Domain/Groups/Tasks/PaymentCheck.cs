using GroupBuyActors.Ports;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>
/// Asks about an order that was closed unpaid until the provider answers; money that it holds is refunded.
/// </summary>
internal sealed class PaymentCheck()
    : GroupTaskType<OrderTask>(
        new TaskPolicy
        {
            Type = TypeName,
            Target = TaskTarget.Payments,
            Weight = 2,
            Lateness = TimeSpan.FromMinutes(1),
            Retry = new() { DelayMax = TimeSpan.FromMinutes(10), AlertAfter = 10 },
        },
        OrderTaskJson.Default.OrderTask
    )
{
    public const string TypeName = "payment-check";

    public static PaymentCheck Type { get; } = new() { IsAboutMoney = true };

    /// <inheritdoc/>
    protected override GroupTaskStep Next(DueTask due, OrderTask payload, PortAnswered? answered) =>
        answered switch
        {
            null => Asks(new PortQuestion.FindPayments(OrderOf(due, payload.Order))),
            { Answer: PortAnswer.Done } => Delivers(answered),
            _ => Fails(due, answered.Detail ?? "The payment provider did not answer."),
        };

    /// <inheritdoc/>
    protected override GroupCommand CommandOf(OrderTask payload, PortAnswered answered) =>
        new GroupCommand.PaymentChecked(payload.Order, answered.Findings);
}
