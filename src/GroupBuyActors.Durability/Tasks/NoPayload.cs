using System.Text.Json;
using System.Text.Json.Serialization;

namespace GroupBuyActors.Tasks;

/// <summary>Payload of tasks that say all by their type.</summary>
internal sealed record NoPayload
{
    /// <summary>The only one.</summary>
    public static NoPayload Value { get; } = new();
}

/// <summary>How <see cref="NoPayload"/> is stored.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(NoPayload))]
internal sealed partial class NoPayloadJson : JsonSerializerContext;
