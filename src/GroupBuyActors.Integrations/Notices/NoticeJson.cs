using System.Text.Json;
using System.Text.Json.Serialization;

namespace GroupBuyActors.Integrations.Notices;

/// <summary>
/// Documents as the contracts in <c>deploy/contracts</c> have them, read as strictly as those of inventory.
/// </summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    NumberHandling = JsonNumberHandling.Strict,
    PropertyNameCaseInsensitive = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false
)]
[JsonSerializable(typeof(NoticeDocument))]
internal sealed partial class NoticeJson : JsonSerializerContext;
