using System.Text.Json;
using System.Text.Json.Serialization;
using GroupBuyActors.Ports;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>
/// Refunds a payment with one key, which never changes; the group records the refund in the commit that completes the
/// task. Before a call that may be a repeat, the provider is asked first: a refund that was made but whose answer was
/// lost is not made again, and none is made while the provider does not answer. A payment that the provider neither
/// holds nor has refunded is refunded again: the key makes that safe, whereas recording it as refunded would not be
/// safe.
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
    public const string TypeName = "refund";

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
            _ => Fails(
                due,
                answered.Detail
                    ?? (
                        answered.Answer == PortAnswer.Refused
                            ? "The payment provider refused the refund."
                            : "The payment provider did not answer."
                    )
            ),
        };
    }

    /// <inheritdoc/>
    protected override GroupCommand CommandOf(RefundTask payload, PortAnswered answered) =>
        new GroupCommand.Refunded(payload.Order, payload.PaymentId, payload.Excess);
}

/// <summary>
/// The payload of <see cref="Refund"/>. <see cref="Excess"/> is true for an excess payment, whose refund does not
/// change the order's status.
/// </summary>
internal sealed record RefundTask(int Order, string PaymentId, Money Amount, bool Excess);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(RefundTask))]
internal sealed partial class RefundTaskJson : JsonSerializerContext;
