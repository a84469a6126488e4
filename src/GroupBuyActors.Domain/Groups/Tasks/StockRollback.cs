using System.Text.Json;
using System.Text.Json.Serialization;
using GroupBuyActors.Ports;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>
/// Releases stock, one call per cause; or, as the guard of a publication, abandons an attempt that is still open.
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
    /// <summary>Its name.</summary>
    public const string TypeName = "stock-rollback";

    /// <summary>The type.</summary>
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
            : Fails(due, answered.Detail ?? $"The inventory service answered {answered.Answer}.");
    }

    /// <inheritdoc/>
    protected override GroupCommand CommandOf(ReleaseTask payload, PortAnswered answered) =>
        payload.GuardsAttempt is { } attempt
            ? new GroupCommand.PublicationGuard(attempt)
            : new GroupCommand.Released(payload.Cause);
}

/// <summary>
/// Payload of <see cref="StockRollback"/>: a release to make, or, where <see cref="GuardsAttempt"/> is set, the guard
/// of a publication.
/// </summary>
internal sealed record ReleaseTask(int Cause, StockRelease Release, int? GuardsAttempt = null);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ReleaseTask))]
internal sealed partial class ReleaseTaskJson : JsonSerializerContext;
