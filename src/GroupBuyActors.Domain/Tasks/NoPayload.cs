using System.Text.Json;
using System.Text.Json.Serialization;

namespace GroupBuyActors.Tasks;

/// <summary>Payload of tasks that say all by their type.</summary>
public sealed record NoPayload
{
    /// <summary>The only one.</summary>
    public static NoPayload Value { get; } = new();
}

/// <summary>How <see cref="NoPayload"/> is stored.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(NoPayload))]
public sealed partial class NoPayloadJson : JsonSerializerContext;
