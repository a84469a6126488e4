using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace GroupBuyActors.Events;

/// <summary>
/// The event types: each type's stable name, version and JSON. A stored or published event is read by name and version;
/// an unknown one throws <see cref="UnknownEventException"/> and is never skipped.
/// </summary>
public static class GroupEvents
{
    private const string VoucherIssuedName = "voucher.issued";

    private static readonly (string Name, int Version, JsonTypeInfo Type)[] Vocabulary =
    [
        ("group.publishing", 1, GroupEventJson.Default.GroupPublishing),
        ("group.publication-abandoned", 1, GroupEventJson.Default.GroupPublicationAbandoned),
        ("group.shelved", 1, GroupEventJson.Default.GroupShelved),
        ("group.opened", 1, GroupEventJson.Default.GroupOpened),
        ("group.succeeded", 1, GroupEventJson.Default.GroupSucceeded),
        ("group.joining-ended", 1, GroupEventJson.Default.GroupJoiningEnded),
        ("group.fulfilled", 1, GroupEventJson.Default.GroupFulfilled),
        ("group.expired", 1, GroupEventJson.Default.GroupExpired),
        ("order.placed", 1, GroupEventJson.Default.OrderPlaced),
        ("order.paid", 1, GroupEventJson.Default.OrderPaid),
        ("order.closed", 1, GroupEventJson.Default.OrderClosed),
        ("order.refund-requested", 1, GroupEventJson.Default.OrderRefundRequested),
        ("order.refunded", 1, GroupEventJson.Default.OrderRefunded),
        ("payment.excess", 1, GroupEventJson.Default.PaymentExcess),
        ("payment.refunded", 1, GroupEventJson.Default.PaymentRefunded),
        ("stock.reserved", 1, GroupEventJson.Default.StockReserved),
        ("stock.deducted", 1, GroupEventJson.Default.StockDeducted),
        ("stock.released", 1, GroupEventJson.Default.StockReleased),
        (VoucherIssuedName, 1, GroupEventJson.Default.VoucherIssued),
        ("voucher.redeemed", 1, GroupEventJson.Default.VoucherRedeemed),
        ("voucher.redemption-revoked", 1, GroupEventJson.Default.VoucherRedemptionRevoked),
        ("voucher.lapsed", 1, GroupEventJson.Default.VoucherLapsed),
        ("buyers.notified", 1, GroupEventJson.Default.BuyersNotified),
    ];

    private static readonly FrozenDictionary<Type, (string Name, int Version, JsonTypeInfo Type)> ByType =
        Vocabulary.ToFrozenDictionary(entry => entry.Type.Type);

    private static readonly FrozenDictionary<string, (string Name, int Version, JsonTypeInfo Type)> ByName =
        Vocabulary.ToFrozenDictionary(entry => entry.Name);

    /// <summary>The names of all event types.</summary>
    public static IEnumerable<string> Names => Vocabulary.Select(entry => entry.Name);

    /// <summary>The stable name of an event, such as <c>order.placed</c>.</summary>
    public static string NameOf(GroupEvent happened) => ByType[happened.GetType()].Name;

    /// <summary>The version of an event's data, from 1.</summary>
    public static int VersionOf(GroupEvent happened) => ByType[happened.GetType()].Version;

    /// <summary>The event's data as UTF-8 JSON.</summary>
    public static byte[] Serialize(GroupEvent happened) =>
        JsonSerializer.SerializeToUtf8Bytes(happened, ByType[happened.GetType()].Type);

    /// <summary>Writes the event's data at the writer's position.</summary>
    public static void Serialize(GroupEvent happened, Utf8JsonWriter writer) =>
        JsonSerializer.Serialize(writer, happened, ByType[happened.GetType()].Type);

    /// <summary>
    /// The data for histories and published events, without secrets. Throws <see cref="UnknownEventException"/> if a
    /// newer release wrote it, so that this release does not know which parts are secret.
    /// </summary>
    public static ReadOnlyMemory<byte> Publish(string name, int version, ReadOnlyMemory<byte> stored) =>
        name == VoucherIssuedName
            ? Serialize(Published((VoucherIssued)Deserialize(name, version, stored.Span)))
            : stored;

    private static VoucherIssued Published(VoucherIssued issued) =>
        issued.VoucherCode is { } code ? issued with { VoucherCode = null, VoucherTail = code.Tail } : issued;

    /// <summary>
    /// Reads data back; throws <see cref="UnknownEventException"/> on a name or version this release does not know.
    /// </summary>
    public static GroupEvent Deserialize(string name, int version, ReadOnlySpan<byte> data)
    {
        if (!ByName.TryGetValue(name, out var entry) || version > entry.Version || version < 1)
            throw new UnknownEventException($"Event {name} version {version} is unknown to this release.");
        return (GroupEvent)(
            JsonSerializer.Deserialize(data, entry.Type)
            ?? throw new UnknownEventException($"Event {name} version {version} has no data.")
        );
    }
}

/// <summary>
/// An event was written by a newer release and cannot be read by this one, which must not decide on the group.
/// </summary>
public sealed class UnknownEventException(string message) : Exception(message);

/// <summary>
/// Source-generated JSON of event data: camelCase, nulls omitted, times and durations in ISO 8601 format.
/// </summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(IsoDurationConverter), typeof(IsoInstantConverter)]
)]
[JsonSerializable(typeof(GroupPublishing))]
[JsonSerializable(typeof(GroupPublicationAbandoned))]
[JsonSerializable(typeof(GroupShelved))]
[JsonSerializable(typeof(GroupOpened))]
[JsonSerializable(typeof(GroupSucceeded))]
[JsonSerializable(typeof(GroupJoiningEnded))]
[JsonSerializable(typeof(GroupFulfilled))]
[JsonSerializable(typeof(GroupExpired))]
[JsonSerializable(typeof(OrderPlaced))]
[JsonSerializable(typeof(OrderPaid))]
[JsonSerializable(typeof(OrderClosed))]
[JsonSerializable(typeof(OrderRefundRequested))]
[JsonSerializable(typeof(OrderRefunded))]
[JsonSerializable(typeof(PaymentExcess))]
[JsonSerializable(typeof(PaymentRefunded))]
[JsonSerializable(typeof(StockReserved))]
[JsonSerializable(typeof(StockDeducted))]
[JsonSerializable(typeof(StockReleased))]
[JsonSerializable(typeof(VoucherIssued))]
[JsonSerializable(typeof(VoucherRedeemed))]
[JsonSerializable(typeof(VoucherRedemptionRevoked))]
[JsonSerializable(typeof(VoucherLapsed))]
[JsonSerializable(typeof(BuyersNotified))]
internal sealed partial class GroupEventJson : JsonSerializerContext;
