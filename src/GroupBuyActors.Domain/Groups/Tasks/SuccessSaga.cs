using System.Text.Json;
using System.Text.Json.Serialization;
using GroupBuyActors.Ports;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>
/// Deducts stock, after success or for units still missing at fulfilment. If the deduction is refused permanently, or
/// no try gets an answer, a refusal is delivered to the group, which compensates.
/// </summary>
internal sealed class SuccessSaga()
    : GroupTaskType<DeductTask>(
        new TaskPolicy
        {
            Type = TypeName,
            Target = TaskTarget.Inventory,
            IsNeeded = true,
            Weight = 10,
            Lateness = TimeSpan.FromMilliseconds(100),
            Concurrency = 256,
            Retry = new()
            {
                FirstDelays = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)],
                RetryCountMax = 2,
                WhenUsedUp = RetryDecision.DecideWithout,
                DelayMax = TimeSpan.FromMinutes(1),
                AlertAfter = 10,
            },
        },
        DeductTaskJson.Default.DeductTask
    )
{
    public const string TypeName = "success-saga";

    public static SuccessSaga Type { get; } = new();

    /// <inheritdoc/>
    protected override GroupTaskStep Next(DueTask due, DeductTask payload, PortAnswered? answered)
    {
        if (answered is null)
            return due.DecidesWithout
                ? Delivers(new PortAnswered(null, PortAnswer.Refused, due.Task.LastError))
                : Asks(new PortQuestion.DeductStock(payload.Deduction));
        if (answered.Answer == PortAnswer.Unavailable && due.TriesAgain(out var step))
            return new GroupTaskStep.Fail(step, answered.Detail ?? "The inventory service did not answer.");
        return Delivers(
            answered.Answer == PortAnswer.Unavailable ? answered with { Answer = PortAnswer.Refused } : answered
        );
    }

    /// <inheritdoc/>
    protected override GroupCommand CommandOf(DeductTask payload, PortAnswered answered) =>
        new GroupCommand.Deducted(payload.Cause, answered.Reply);
}

/// <summary>The payload of <see cref="SuccessSaga"/>: a deduction to make.</summary>
internal sealed record DeductTask(int Cause, StockDeduction Deduction);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DeductTask))]
internal sealed partial class DeductTaskJson : JsonSerializerContext;
