using System.Text.Json;
using System.Text.Json.Serialization;

namespace GroupBuyActors.Integrations.Payments;

/// <summary>JSON of the documents in <c>deploy/contracts</c>, read as strictly as those of inventory.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    NumberHandling = JsonNumberHandling.Strict,
    PropertyNameCaseInsensitive = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false
)]
[JsonSerializable(typeof(RefundDocument))]
[JsonSerializable(typeof(HeldPaymentsDocument))]
[JsonSerializable(typeof(PaymentBookDocument))]
internal sealed partial class PaymentJson : JsonSerializerContext;
