using System.Text.Json;

namespace GroupBuyActors.Tasks;

/// <summary>What can be read from a payload of any type.</summary>
internal static class TaskPayloads
{
    /// <summary>The number of the order that a task is about, or null.</summary>
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
}
