using System.Text.Json;
using System.Text.Json.Serialization;

namespace GroupBuyActors.Integrations.Inventory;

/// <summary>
/// Documents as the contracts in <c>deploy/contracts</c> have them. Read strictly: a member that is missing, null, of
/// another type or there twice makes the answer none; members that are not known are a newer service's and are passed
/// over.
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
