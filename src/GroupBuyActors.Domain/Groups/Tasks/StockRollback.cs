using System.Text.Json;
using System.Text.Json.Serialization;
using GroupBuyActors.Ports;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>
/// Releases stock, with one call per cause; or, as the guard of a publication, abandons an attempt that is still open.
/// </summary>
internal sealed class StockRollback()
    : GroupTaskType<ReleaseTask>(
        new TaskPolicy
        {
            Type = TypeName,
            Target = TaskTarget.Inventory,
            IsNeeded = true,
            Weight = 5,
            Lateness = TimeSpan.FromSeconds(2),
            Retry = new()
            {
                FirstDelays = [TimeSpan.Zero, TimeSpan.Zero],
                DelayMax = TimeSpan.FromMinutes(1),
                AlertAfter = 2,
            },
        },
        ReleaseTaskJson.Default.ReleaseTask
    )
{
    public const string TypeName = "stock-rollback";

    public static StockRollback Type { get; } = new();

    /// <inheritdoc/>
    protected override GroupTaskStep Next(DueTask due, ReleaseTask payload, PortAnswered? answered)
    {
        if (payload.GuardsAttempt is not null)
            return Delivers(PortAnswered.Nothing);
        if (answered is null)
            return Asks(new PortQuestion.ReleaseStock(payload.Release));
        return answered.Answer == PortAnswer.Done
            ? Delivers(answered)
            : Fails(
                due,
                answered.Detail
                    ?? (
                        answered.Answer == PortAnswer.Refused
                            ? "The inventory service refused to release the stock."
                            : "The inventory service did not answer."
                    )
            );
    }

    /// <inheritdoc/>
    protected override GroupCommand CommandOf(ReleaseTask payload, PortAnswered answered) =>
        payload.GuardsAttempt is { } attempt
            ? new GroupCommand.PublicationGuard(attempt)
            : new GroupCommand.Released(payload.Cause);
}

/// <summary>
/// The payload of <see cref="StockRollback"/>: a release to make or, if <see cref="GuardsAttempt"/> is set, the guard
/// of a publication.
/// </summary>
internal sealed record ReleaseTask(int Cause, StockRelease Release, int? GuardsAttempt = null);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ReleaseTask))]
internal sealed partial class ReleaseTaskJson : JsonSerializerContext;
