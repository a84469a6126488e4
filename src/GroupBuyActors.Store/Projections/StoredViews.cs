using System.Text.Json;
using System.Text.Json.Serialization;
using GroupBuyActors.Events;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Store.Projections;

/// <summary>A group's view as the lists hold it: UTF-8 JSON, only grows.</summary>
internal static class StoredViews
{
    public static byte[] Write(GroupView view) => JsonSerializer.SerializeToUtf8Bytes(view, StoredViewJson.Default.GroupView);

    public static GroupView Read(byte[] view) => JsonSerializer.Deserialize(view, StoredViewJson.Default.GroupView)
        ?? throw new JsonException("A stored view is an object.");
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    Converters = [typeof(IsoDurationConverter), typeof(IsoInstantConverter)])]
[JsonSerializable(typeof(GroupView))]
internal sealed partial class StoredViewJson : JsonSerializerContext;
