using System.Text.Json;
using System.Text.Json.Serialization;

namespace GroupBuyActors.Schedules;

/// <summary>Payload of a schedule's firing in a shard.</summary>
internal sealed record FiringTask(DateTimeOffset Firing);

/// <summary>How a schedule's firings are stored.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(FiringTask))]
internal sealed partial class FiringTaskJson : JsonSerializerContext;
