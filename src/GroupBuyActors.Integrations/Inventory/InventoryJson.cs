using System.Text.Json;
using System.Text.Json.Serialization;

namespace GroupBuyActors.Integrations.Inventory;

/// <summary>
/// JSON of the documents in <c>deploy/contracts</c>. Read strictly: a member that is missing, null, duplicate or of
/// another type makes the answer unusable; unknown members, of a newer service, are ignored.
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
[JsonSerializable(typeof(ReservationDocument))]
[JsonSerializable(typeof(DeductionDocument))]
[JsonSerializable(typeof(ReleaseDocument))]
[JsonSerializable(typeof(StockBookDocument))]
internal sealed partial class InventoryJson : JsonSerializerContext;
