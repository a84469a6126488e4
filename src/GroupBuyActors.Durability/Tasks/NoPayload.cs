using System.Text.Json;
using System.Text.Json.Serialization;

namespace GroupBuyActors.Tasks;

/// <summary>The payload of tasks that need no data besides their type.</summary>
internal sealed record NoPayload
{
    public static NoPayload Value { get; } = new();
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(NoPayload))]
internal sealed partial class NoPayloadJson : JsonSerializerContext;
