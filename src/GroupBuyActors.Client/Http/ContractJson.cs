using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using GroupBuyActors.Admin;
using GroupBuyActors.Events;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Client;

/// <summary>The JSON of the HTTP API: camelCase, nulls omitted, instants and durations in ISO 8601 format.</summary>
public static class ContractJson
{
    /// <summary>Reads and writes every document of the API.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            // Answers are never part of a page, so characters of all scripts need no escapes and stay readable.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            TypeInfoResolver = ContractJsonContext.Default,
            Converters = { new IsoDurationConverter(), new IsoInstantConverter() },
        };
        options.MakeReadOnly();
        return options;
    }
}

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(IsoDurationConverter), typeof(IsoInstantConverter)]
)]
[JsonSerializable(typeof(GroupTermsRequest))]
[JsonSerializable(typeof(GroupDocument))]
[JsonSerializable(typeof(OrderDocument))]
[JsonSerializable(typeof(JoinDocument))]
[JsonSerializable(typeof(PaymentDocument))]
[JsonSerializable(typeof(RefundDocument))]
[JsonSerializable(typeof(HistoryItem))]
[JsonSerializable(typeof(PageDocument<GroupDocument>))]
[JsonSerializable(typeof(PageDocument<OrderDocument>))]
[JsonSerializable(typeof(PageDocument<HistoryItem>))]
[JsonSerializable(typeof(HistoryDocument))]
[JsonSerializable(typeof(PageDocument<TaskDocument>))]
[JsonSerializable(typeof(PageDocument<ShardDocument>))]
[JsonSerializable(typeof(PageDocument<AuditDocument>))]
[JsonSerializable(typeof(PageDocument<ParkedGroupDocument>))]
[JsonSerializable(typeof(ParkedGroupDocument))]
[JsonSerializable(typeof(PageDocument<CallDocument>))]
[JsonSerializable(typeof(PageDocument<PolicyDocument>))]
[JsonSerializable(typeof(PageDocument<ScheduleDocument>))]
[JsonSerializable(typeof(PageDocument<TaskOutcomeDocument>))]
[JsonSerializable(typeof(CancelTasksDocument))]
[JsonSerializable(typeof(PolicyDocument))]
[JsonSerializable(typeof(TaskCheckDocument))]
[JsonSerializable(typeof(RescheduleDocument))]
[JsonSerializable(typeof(PolicyChangeDocument))]
[JsonSerializable(typeof(RedriveDocument))]
[JsonSerializable(typeof(RedriveCountDocument))]
[JsonSerializable(typeof(ClusterDocument))]
[JsonSerializable(typeof(BooksDocument))]
[JsonSerializable(typeof(StockDocument))]
[JsonSerializable(typeof(SandboxPaymentDocument))]
[JsonSerializable(typeof(FaultsDocument))]
[JsonSerializable(typeof(ProblemDocument))]
internal sealed partial class ContractJsonContext : JsonSerializerContext;
