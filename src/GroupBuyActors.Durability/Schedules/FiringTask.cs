using System.Text.Json;
using System.Text.Json.Serialization;

namespace GroupBuyActors.Schedules;

/// <summary>The payload of a schedule's firing in a shard.</summary>
internal sealed record FiringTask(DateTimeOffset Firing);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(FiringTask))]
internal sealed partial class FiringTaskJson : JsonSerializerContext;
