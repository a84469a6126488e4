using System.Text.Json;
using System.Text.Json.Serialization;
using GroupBuyActors.Ports;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>
/// Sends a notice to a buyer. Nothing in the group depends on it, so a commit of its own completes it.
/// </summary>
internal sealed class Notify()
    : GroupTaskType<NotifyTask>(
        new TaskPolicy
        {
            Type = TypeName,
            Target = TaskTarget.Notices,
            Weight = 3,
            Lateness = TimeSpan.FromSeconds(5),
            // A late notice is worthless, so retries end after an hour instead of burdening the provider with a queue
            // of outdated notices.
            Retry = new() { RetryCountMax = 5, TimeToLive = TimeSpan.FromHours(1) },
        },
        NotifyTaskJson.Default.NotifyTask
    )
{
    public const string TypeName = "notify";

    public static Notify Type { get; } = new();

    /// <inheritdoc/>
    protected override GroupTaskStep Next(DueTask due, NotifyTask payload, PortAnswered? answered)
    {
        var order = OrderOf(due, payload.Order);
        return answered switch
        {
            null => Asks(
                new PortQuestion.SendNotice(PortKeys.Notice(order, payload.Kind), order, payload.UserId, payload.Kind)
            ),
            { Answer: PortAnswer.Done } => new GroupTaskStep.Finish(),
            { Answer: PortAnswer.Refused } => new GroupTaskStep.Fail(
                new RetryStep(RetryDecision.Dead, TimeSpan.Zero, true),
                answered.Detail ?? "The notice service refused the notice permanently."
            ),
            _ => Fails(due, answered.Detail ?? "The notice service did not answer."),
        };
    }

    /// <inheritdoc/>
    protected override GroupCommand CommandOf(NotifyTask payload, PortAnswered answered) =>
        throw new NotSupportedException("A notify task has no command for its group.");
}

/// <summary>The payload of <see cref="Notify"/>.</summary>
internal sealed record NotifyTask(int Order, string UserId, string Kind);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(NotifyTask))]
internal sealed partial class NotifyTaskJson : JsonSerializerContext;
