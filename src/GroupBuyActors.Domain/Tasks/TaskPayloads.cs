using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Tasks;

/// <summary>Payload of <see cref="TaskTypes.OrderClose"/> and <see cref="TaskTypes.PaymentCheck"/>.</summary>
public sealed record OrderTask(int Order);

/// <summary>Payload of <see cref="TaskTypes.SuccessSaga"/>: a deduction to make.</summary>
public sealed record DeductTask(int Cause, StockDeduction Deduction);

/// <summary>
/// Payload of <see cref="TaskTypes.StockRollback"/>: a release to make, or, where <see cref="GuardsAttempt"/> is set,
/// the guard of a publication.
/// </summary>
public sealed record ReleaseTask(int Cause, StockRelease Release, int? GuardsAttempt = null);

/// <summary>
/// Payload of <see cref="TaskTypes.Refund"/>. <see cref="Excess"/>: beside the order, whose status stays.
/// </summary>
public sealed record RefundTask(int Order, string PaymentId, Money Amount, bool Excess);

/// <summary>Payload of <see cref="TaskTypes.Notify"/>.</summary>
public sealed record NotifyTask(int Order, string UserId, string Kind);

/// <summary>Payload of a schedule's firing in a shard.</summary>
public sealed record FiringTask(DateTimeOffset Firing);

/// <summary>
/// Payload of <see cref="TaskTypes.Reconciliation"/>, where a run goes on that took long: a slot's comparison of one
/// day, from the merchants above an id on. <see cref="Incomplete"/>: not all below could be compared.
/// </summary>
public sealed record ComparisonTask(DateTimeOffset Firing, long Above = 0, bool Incomplete = false);

/// <summary>Task payloads to and from UTF-8 JSON (camelCase, only grows).</summary>
public static class TaskPayloads
{
    /// <summary>Writes a payload.</summary>
    public static byte[] Write<T>(T payload) =>
        JsonSerializer.SerializeToUtf8Bytes(payload, (JsonTypeInfo<T>)TaskPayloadJson.Default.GetTypeInfo(typeof(T))!);

    /// <summary>The number of the order that a task is about, whatever its type; null where it is about none.</summary>
    public static int? OrderOf(ReadOnlyMemory<byte> payload)
    {
        if (payload.IsEmpty)
            return null;
        using var document = JsonDocument.Parse(payload);
        return
            document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty("order", out var order)
            && order.TryGetInt32(out var number)
            ? number
            : null;
    }

    /// <summary>Reads a payload; throws <see cref="JsonException"/> where it is none of this type.</summary>
    public static T Read<T>(ReadOnlyMemory<byte> payload) =>
        JsonSerializer.Deserialize(payload.Span, (JsonTypeInfo<T>)TaskPayloadJson.Default.GetTypeInfo(typeof(T))!)
        ?? throw new JsonException("The task payload is not a JSON object.");
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OrderTask))]
[JsonSerializable(typeof(DeductTask))]
[JsonSerializable(typeof(ReleaseTask))]
[JsonSerializable(typeof(RefundTask))]
[JsonSerializable(typeof(NotifyTask))]
[JsonSerializable(typeof(FiringTask))]
[JsonSerializable(typeof(ComparisonTask))]
internal sealed partial class TaskPayloadJson : JsonSerializerContext;
