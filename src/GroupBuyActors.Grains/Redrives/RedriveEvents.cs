using System.Text.Json;
using System.Text.Json.Serialization;
using GroupBuyActors.Activations;
using GroupBuyActors.Events;

namespace GroupBuyActors.Redrives;

/// <summary>What happens to a redrive.</summary>
[JsonDerivedType(typeof(RedriveStarted), "started")]
[JsonDerivedType(typeof(RedrivePageDone), "page-done")]
[JsonDerivedType(typeof(RedriveEnded), "ended")]
internal abstract record RedriveEvent : IActorEvent
{
    public long Sequence { get; init; }

    public DateTimeOffset Time { get; init; }
}

/// <summary>It was started; its first page is due at once.</summary>
/// <param name="Order">Which letters.</param>
/// <param name="Total">Letters that passed the filter.</param>
internal sealed record RedriveStarted(RedriveOrder Order, int Total) : RedriveEvent;

/// <summary>A page was redriven.</summary>
/// <param name="Done">Letters that were scheduled anew.</param>
/// <param name="Refused">Letters that were left.</param>
/// <param name="Next">Where the next page begins; null after the last.</param>
/// <param name="NextAt">When the next page is due; null where none follows.</param>
internal sealed record RedrivePageDone(int Done, int Refused, string? Next, DateTimeOffset? NextAt) : RedriveEvent;

/// <summary>It is over.</summary>
/// <param name="IsStopped">True where an operator stopped it.</param>
internal sealed record RedriveEnded(bool IsStopped) : RedriveEvent;

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(IsoInstantConverter)]
)]
[JsonSerializable(typeof(RedriveEvent))]
[JsonSerializable(typeof(RedriveState))]
internal sealed partial class RedriveJson : JsonSerializerContext;
