using System.Text.Json;
using System.Text.Json.Serialization;
using GroupBuyActors.Events;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Store.Reading;

/// <summary>A group's terms as lists store them: UTF-8 JSON to which properties are only ever added.</summary>
internal static class StoredTerms
{
    public static byte[] Write(GroupTerms terms) =>
        JsonSerializer.SerializeToUtf8Bytes(terms, StoredTermsJson.Default.GroupTerms);

    public static GroupTerms Read(byte[] terms) =>
        JsonSerializer.Deserialize(terms, StoredTermsJson.Default.GroupTerms)
        ?? throw new JsonException("Stored terms must be a JSON object.");
}

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    Converters = [typeof(IsoDurationConverter), typeof(IsoInstantConverter)]
)]
[JsonSerializable(typeof(GroupTerms))]
internal sealed partial class StoredTermsJson : JsonSerializerContext;
