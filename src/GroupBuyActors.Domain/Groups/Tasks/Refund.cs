using System.Text.Json;
using System.Text.Json.Serialization;
using GroupBuyActors.Ports;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>
/// Refunds a payment under one key, which never changes; the group records it in the commit that completes the task.
/// Before a call that may be a repeat the provider is asked first: a refund that was made but whose answer was lost is
/// not made again, and none is made while the provider does not answer. A payment that it neither holds nor has
/// refunded is refunded again: the key makes that safe, and counting it as refunded would not be.
/// </summary>
internal sealed class Refund()
    : GroupTaskType<RefundTask>(
        new TaskPolicy
        {
            Type = TypeName,
            Target = TaskTarget.Payments,
            Weight = 4,
            Lateness = TimeSpan.FromSeconds(5),
            Retry = new()
            {
                DelayMax = TimeSpan.FromMinutes(10),
                AlertAfter = 10,
                AgeMax = TimeSpan.FromDays(3),
            },
        },
        RefundTaskJson.Default.RefundTask
    )
{
    /// <summary>Its name.</summary>
    public const string TypeName = "refund";

    /// <summary>The type.</summary>
    public static Refund Type { get; } = new() { IsAboutMoney = true };

    /// <inheritdoc/>
    protected override GroupTaskStep Next(DueTask due, RefundTask payload, PortAnswered? answered)
    {
        var order = OrderOf(due, payload.Order);
        var refund = new PortQuestion.RefundPayment(
            PortKeys.Refund(order, payload.PaymentId),
            order,
            payload.PaymentId,
            payload.Amount
        );
        return answered switch
        {
            null => Asks(due.MayRepeat ? new PortQuestion.FindPayments(order) : refund),
            { Question: PortQuestion.FindPayments, Answer: not PortAnswer.Done } => Fails(
                due,
                answered.Detail ?? "The payment provider does not report whether the refund was already made."
            ),
            { Question: PortQuestion.FindPayments } when !answered.Refunded.Contains(payload.PaymentId) => Asks(refund),
            { Answer: PortAnswer.Done } => Delivers(answered),
            _ => Fails(due, answered.Detail ?? $"The payment provider answered {answered.Answer}."),
        };
    }

    /// <inheritdoc/>
    protected override GroupCommand CommandOf(RefundTask payload, PortAnswered answered) =>
        new GroupCommand.Refunded(payload.Order, payload.PaymentId, payload.Excess);
}

/// <summary>Payload of <see cref="Refund"/>. <see cref="Excess"/>: beside the order, whose status stays.</summary>
internal sealed record RefundTask(int Order, string PaymentId, Money Amount, bool Excess);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(RefundTask))]
internal sealed partial class RefundTaskJson : JsonSerializerContext;
