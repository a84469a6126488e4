using GroupBuyActors.Ports;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>
/// Closes an unpaid order at the end of its payment window. It first asks the provider for a payment; if the provider
/// does not answer, the order is closed without an answer.
/// </summary>
internal sealed class OrderClose()
    : GroupTaskType<OrderTask>(
        new TaskPolicy
        {
            Type = TypeName,
            Target = TaskTarget.Payments,
            IsNeeded = true,
            Weight = 8,
            Concurrency = 256,
            Retry = new()
            {
                RetryCountMax = 3,
                WhenUsedUp = RetryDecision.DecideWithout,
                DelayMax = TimeSpan.FromMinutes(1),
                AlertAfter = 10,
            },
        },
        OrderTaskJson.Default.OrderTask
    )
{
    public const string TypeName = "order-close";

    private static readonly PortAnswered NotQueried = new(
        null,
        PortAnswer.Unavailable,
        "The payment provider was not asked again."
    );

    public static OrderClose Type { get; } = new();

    /// <inheritdoc/>
    protected override GroupTaskStep Next(DueTask due, OrderTask payload, PortAnswered? answered)
    {
        if (answered is null)
            return due.DecidesWithout
                ? Delivers(NotQueried)
                : Asks(new PortQuestion.FindPayments(OrderOf(due, payload.Order)));
        if (answered.Answer == PortAnswer.Unavailable && due.TriesAgain(out var step))
            return new GroupTaskStep.Fail(step, answered.Detail ?? "The payment provider did not answer.");
        // A refusal is treated as no answer: the order is closed, and payment-check finds a payment later.
        return Delivers(
            answered.Answer == PortAnswer.Refused ? answered with { Answer = PortAnswer.Unavailable } : answered
        );
    }

    /// <inheritdoc/>
    protected override GroupCommand CommandOf(OrderTask payload, PortAnswered answered) =>
        new GroupCommand.CloseUnpaid(payload.Order, answered.Findings);
}
